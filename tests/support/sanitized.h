/* SPDX-License-Identifier: MIT */
/* Whether this is compiled for a sanitizer: gcc says so by macros, clang by features. */
#ifndef QUELL_TESTS_SANITIZED_H
#define QUELL_TESTS_SANITIZED_H

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define ADDRESS_SANITIZED 1
#else
#define ADDRESS_SANITIZED 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define THREAD_SANITIZED 1
#else
#define THREAD_SANITIZED 0
#endif

#endif
