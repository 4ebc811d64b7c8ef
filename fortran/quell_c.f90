! SPDX-License-Identifier: MIT
! The C interface as it is: its structs, in C's layout, and its functions on names, denoisers,
! models and schedules. quell_c_samplers has the other functions. Module quell is built on both, and
! is the one that programs use.
module quell_c
    use, intrinsic :: iso_c_binding
    implicit none
    public

    integer, parameter :: quell_max_rank = 8

    ! What quell tells a denoiser of the caller's with each call. Row r, from 1 on, is sample first
    ! + r - 1. worker: the number of the worker that makes this call, from 0 to workers - 1; calls
    ! with the same number do not overlap within a run. variance: the address of real(c_float) (dim,
    ! rows) to write to, if the denoiser has learned variances and the sampler needs them; else
    ! null. classes: the address of integer(c_int32_t) (rows), the class of each row, from 0 on, or
    ! -1 for none; null if no row has one. conditions: those that the denoiser takes, which
    ! quell_call_condition reads. seeds, indices: the addresses of integer(c_int64_t) (rows), the
    ! seed and the index of each row. Where seeds is null, all have draw%seed. Where indices is not,
    ! first - draw%first is the place of row 1 in the draw. condition_count: how many conditions
    ! there are.
    type, bind(c) :: quell_call
        integer(c_int64_t) :: first
        integer(c_size_t) :: rows, dim, worker, workers
        real(c_double) :: t, alpha, sigma, time
        type(c_ptr) :: variance, context, classes, conditions, seeds, indices
        integer(c_size_t) :: condition_count
    end type

    type, bind(c) :: c_condition
        type(c_ptr) :: name, values
        integer(c_size_t) :: count, size
    end type

    ! A point of the schedule. A logarithm keeps the digits that a value near 1 has lost by
    ! rounding.
    type, bind(c) :: quell_point
        real(c_double) :: t, alpha, sigma, log_alpha, log_sigma
    end type

    ! An operation of a sampler's plan (quell/operation.h). kind: QUELL_OPERATION_EVAL, ...
    type, bind(c) :: quell_operation_noise
        real(c_double) :: coefficient
        integer(c_int32_t) :: slot
        integer(c_int) :: path
        real(c_double) :: from, to
    end type

    ! The terms of a linear combination in a plan: coefficient * register, and coefficient * noise.
    type, bind(c) :: quell_term
        real(c_double) :: coefficient
        integer(c_int) :: source
    end type

    type, bind(c) :: quell_noise_term
        real(c_double) :: coefficient
        integer(c_int32_t) :: stream
    end type

    type, bind(c) :: quell_operation
        integer(c_size_t) :: size = 0
        integer(c_int) :: kind = 0, out = 0, variance = 0, apart = 0, by_norms = 0
        real(c_double) :: spread_middle = 0
        integer(c_size_t) :: terms = 0, noises = 0
        type(quell_term) :: term(6)
        type(quell_operation_noise) :: noise(2)
        type(quell_point) :: t, s
    end type

    ! Where a run failed: the lowest failing sample seen, and its transition; -1: not in a sample.
    type, bind(c) :: c_progress
        integer(c_int64_t) :: done, total
    end type

    type, bind(c) :: c_function_options
        integer(c_size_t) :: size
        type(c_ptr) :: output, precondition
        integer(c_int) :: whole_batch, reproducible
        type(c_ptr) :: variance
        type(c_funptr) :: release
        integer(c_size_t) :: classes
        integer(c_int64_t) :: digest
        type(c_ptr) :: conditions
        integer(c_size_t) :: condition_count
    end type

    type, bind(c) :: c_guidance
        integer(c_size_t) :: size
        real(c_double) :: weight, low, high
        integer(c_size_t) :: points
        type(c_ptr) :: times, weights
        real(c_double) :: rescale
    end type

    type, bind(c) :: c_sampler_options
        integer(c_size_t) :: size, steps
        real(c_double) :: start, stop
        type(c_ptr) :: times
        real(c_double) :: clamp_low, clamp_high
        integer(c_size_t) :: prior_dim
        type(c_ptr) :: prior_mean, prior_variance, grid
        integer(c_int) :: brownian
        type(c_ptr) :: sigmas
        real(c_double) :: threshold, threshold_max
    end type

    type, bind(c) :: c_draw
        integer(c_size_t) :: size
        integer(c_int64_t) :: seed, first
        integer(c_size_t) :: count
        type(c_ptr) :: seeds, indices
        type(c_ptr) :: classes, conditions
        integer(c_size_t) :: condition_count
        type(c_ptr) :: negative_classes, negative_conditions
        integer(c_size_t) :: negative_condition_count
        type(c_ptr) :: context
        integer(c_int) :: part
    end type

    type, bind(c) :: c_run
        integer(c_size_t) :: size, threads
        type(c_funptr) :: parallel
        type(c_ptr) :: host, isa
        integer(c_size_t) :: tile
        type(c_funptr) :: progress
        type(c_ptr) :: progress_user
        type(c_funptr) :: observe
        type(c_ptr) :: observe_user
    end type

    type, bind(c) :: c_entry
        integer(c_size_t) :: size
        type(c_ptr) :: name, summary, source
        integer(c_size_t) :: aliases, options
        integer(c_int) :: available, order, evaluations, stochastic
    end type

    type, bind(c) :: c_entry_alias
        integer(c_size_t) :: size
        type(c_ptr) :: name, spec
    end type

    type, bind(c) :: c_entry_option
        integer(c_size_t) :: size
        type(c_ptr) :: name, summary
        integer(c_int) :: type
        real(c_double) :: value, low, high
        type(c_ptr) :: choices
    end type

    interface
        ! Status and names.
        type(c_ptr) function c_status_name(status) bind(c, name='quell_status_name')
            import; integer(c_int), value :: status
        end function
        type(c_ptr) function c_status_text(status) bind(c, name='quell_status_text')
            import; integer(c_int), value :: status
        end function
        integer(c_int) function c_error_set(status, message) bind(c, name='quell_error_set')
            import; integer(c_int), value :: status; character(kind=c_char) :: message(*)
        end function
        integer(c_int) function c_error_sample(sample, transition) &
            bind(c, name='quell_error_sample')
            import; integer(c_int64_t) :: sample; integer(c_size_t) :: transition
        end function
        type(c_ptr) function c_error_message() bind(c, name='quell_error_message')
            import
        end function
        type(c_ptr) function c_version() bind(c, name='quell_version')
            import
        end function
        integer(c_int) function c_list(kind, i, entry) bind(c, name='quell_list')
            import; integer(c_int), value :: kind; integer(c_size_t), value :: i
            type(c_entry) :: entry
        end function
        integer(c_int) function c_list_find(kind, name, i) bind(c, name='quell_list_find')
            import; integer(c_int), value :: kind; character(kind=c_char) :: name(*)
            integer(c_size_t) :: i
        end function
        integer(c_int) function c_list_alias(kind, i, k, alias) bind(c, name='quell_list_alias')
            import; integer(c_int), value :: kind; integer(c_size_t), value :: i, k
            type(c_entry_alias) :: alias
        end function
        integer(c_int) function c_list_option(kind, i, k, option) bind(c, name='quell_list_option')
            import; integer(c_int), value :: kind; integer(c_size_t), value :: i, k
            type(c_entry_option) :: option
        end function
        integer(c_int) function c_isa_available(name) bind(c, name='quell_isa_available')
            import; character(kind=c_char) :: name(*)
        end function
        integer(c_int) function c_isa_default(name) bind(c, name='quell_isa_default')
            import; type(c_ptr) :: name
        end function
        integer(c_size_t) function c_strlen(text) bind(c, name='strlen')
            import; type(c_ptr), value :: text
        end function

        ! Denoisers.
        integer(c_int) function c_denoiser_from_isotropic(denoiser, dim, mean, variance) &
            bind(c, name='quell_denoiser_from_isotropic')
            import; type(c_ptr) :: denoiser
            integer(c_size_t), value :: dim; type(c_ptr), value :: mean
            real(c_double), value :: variance
        end function
        integer(c_int) function c_denoiser_from_diagonal(denoiser, dim, mean, variances) &
            bind(c, name='quell_denoiser_from_diagonal')
            import; type(c_ptr) :: denoiser
            integer(c_size_t), value :: dim; type(c_ptr), value :: mean
            real(c_double) :: variances(*)
        end function
        integer(c_int) function c_denoiser_from_covariance(denoiser, dim, mean, covariance) &
            bind(c, name='quell_denoiser_from_covariance')
            import; type(c_ptr) :: denoiser
            integer(c_size_t), value :: dim; type(c_ptr), value :: mean
            real(c_double) :: covariance(*)
        end function
        integer(c_int) function c_denoiser_from_eigenbasis(denoiser, dim, mean, values, vectors) &
            bind(c, name='quell_denoiser_from_eigenbasis')
            import; type(c_ptr) :: denoiser
            integer(c_size_t), value :: dim; type(c_ptr), value :: mean
            real(c_double) :: values(*), vectors(*)
        end function
        integer(c_int) function c_denoiser_eigenbasis(denoiser, values, vectors) &
            bind(c, name='quell_denoiser_eigenbasis')
            import; type(c_ptr), value :: denoiser
            real(c_double) :: values(*), vectors(*)
        end function
        integer(c_int) function c_denoiser_from_mixture(denoiser, components, dim, weights, means, &
            variances) bind(c, name='quell_denoiser_from_mixture')
            import; type(c_ptr) :: denoiser
            integer(c_size_t), value :: components, dim
            real(c_double) :: weights(*), means(*), variances(*)
        end function
        integer(c_int) function c_denoiser_from_diagonal_mixture(denoiser, components, dim, &
            weights, means, variances) bind(c, name='quell_denoiser_from_diagonal_mixture')
            import; type(c_ptr) :: denoiser
            integer(c_size_t), value :: components, dim
            real(c_double) :: weights(*), means(*), variances(*)
        end function
        integer(c_int) function c_denoiser_from_points(denoiser, count, dim, points) &
            bind(c, name='quell_denoiser_from_points')
            import; type(c_ptr) :: denoiser
            integer(c_size_t), value :: count, dim; real(c_float) :: points(*)
        end function
        integer(c_int) function c_denoiser_from_function(denoiser, dim, function, user, options) &
            bind(c, name='quell_denoiser_from_function')
            import; type(c_ptr) :: denoiser
            integer(c_size_t), value :: dim; type(c_funptr), value :: function
            type(c_ptr), value :: user; type(c_function_options) :: options
        end function
        integer(c_int) function c_denoiser_from_guidance(guided, denoiser, guide, guidance) &
            bind(c, name='quell_denoiser_from_guidance')
            import; type(c_ptr) :: guided
            type(c_ptr), value :: denoiser, guide; type(c_guidance) :: guidance
        end function
        integer(c_size_t) function c_denoiser_dim(denoiser) bind(c, name='quell_denoiser_dim')
            import; type(c_ptr), value :: denoiser
        end function
        integer(c_int) function c_denoiser_reproducible(denoiser) &
            bind(c, name='quell_denoiser_reproducible')
            import; type(c_ptr), value :: denoiser
        end function
        type(c_ptr) function c_denoiser_kind(denoiser) bind(c, name='quell_denoiser_kind')
            import; type(c_ptr), value :: denoiser
        end function
        integer(c_size_t) function c_denoiser_conditions(denoiser) &
            bind(c, name='quell_denoiser_conditions')
            import; type(c_ptr), value :: denoiser
        end function
        type(c_ptr) function c_denoiser_condition(denoiser, i, rank, shape) &
            bind(c, name='quell_denoiser_condition')
            import; type(c_ptr), value :: denoiser; integer(c_size_t), value :: i
            integer(c_size_t) :: rank; type(c_ptr) :: shape
        end function
        integer(c_size_t) function c_denoiser_classes(denoiser) &
            bind(c, name='quell_denoiser_classes')
            import; type(c_ptr), value :: denoiser
        end function
        integer(c_int64_t) function c_denoiser_digest(denoiser) &
            bind(c, name='quell_denoiser_digest')
            import; type(c_ptr), value :: denoiser
        end function
        subroutine c_denoiser_free(denoiser) bind(c, name='quell_denoiser_free')
            import; type(c_ptr), value :: denoiser
        end subroutine

        ! Models.
        integer(c_int) function c_model_load(model, name) bind(c, name='quell_model_load')
            import; type(c_ptr) :: model; character(kind=c_char) :: name(*)
        end function
        integer(c_int) function c_model_load_as(model, name, precision) &
            bind(c, name='quell_model_load_as')
            import; type(c_ptr) :: model; character(kind=c_char) :: name(*), precision(*)
        end function
        integer(c_int) function c_model_from_denoiser(model, denoiser, rank, shape, schedule) &
            bind(c, name='quell_model_from_denoiser')
            import; type(c_ptr) :: model; type(c_ptr), value :: denoiser
            integer(c_size_t), value :: rank; integer(c_size_t), intent(in) :: shape(*)
            type(c_ptr), value :: schedule
        end function
        integer(c_int) function c_model_save(model, path) bind(c, name='quell_model_save')
            import; type(c_ptr), value :: model; character(kind=c_char) :: path(*)
        end function
        type(c_ptr) function c_model_denoiser(model) bind(c, name='quell_model_denoiser')
            import; type(c_ptr), value :: model
        end function
        integer(c_size_t) function c_model_rank(model) bind(c, name='quell_model_rank')
            import; type(c_ptr), value :: model
        end function
        type(c_ptr) function c_model_shape(model) bind(c, name='quell_model_shape')
            import; type(c_ptr), value :: model
        end function
        integer(c_int) function c_model_decodes(model) bind(c, name='quell_model_decodes')
            import; type(c_ptr), value :: model
        end function
        integer(c_size_t) function c_model_decoded_rank(model) &
            bind(c, name='quell_model_decoded_rank')
            import; type(c_ptr), value :: model
        end function
        type(c_ptr) function c_model_decoded_shape(model) &
            bind(c, name='quell_model_decoded_shape')
            import; type(c_ptr), value :: model
        end function
        integer(c_int) function c_model_decode(model, draw, run, x, out) &
            bind(c, name='quell_model_decode')
            import; type(c_ptr), value :: model
            type(c_draw) :: draw; type(c_run) :: run; real(c_float) :: x(*), out(*)
        end function
        integer(c_int) function c_model_image(model) bind(c, name='quell_model_image')
            import; type(c_ptr), value :: model
        end function
        type(c_ptr) function c_model_schedule(model) bind(c, name='quell_model_schedule')
            import; type(c_ptr), value :: model
        end function
        subroutine c_model_free(model) bind(c, name='quell_model_free')
            import; type(c_ptr), value :: model
        end subroutine

        ! Schedules.
        integer(c_int) function c_schedule_create(schedule, spec) &
            bind(c, name='quell_schedule_create')
            import; type(c_ptr) :: schedule; character(kind=c_char) :: spec(*)
        end function
        integer(c_int) function c_schedule_from_betas(schedule, count, betas) &
            bind(c, name='quell_schedule_from_betas')
            import; type(c_ptr) :: schedule
            integer(c_size_t), value :: count; real(c_double) :: betas(*)
        end function
        integer(c_int) function c_schedule_from_function(schedule, function, user, release) &
            bind(c, name='quell_schedule_from_function')
            import; type(c_ptr) :: schedule
            type(c_funptr), value :: function, release; type(c_ptr), value :: user
        end function
        integer(c_int) function c_schedule_at(schedule, t, alpha, sigma) &
            bind(c, name='quell_schedule_at')
            import; type(c_ptr), value :: schedule
            real(c_double), value :: t; real(c_double) :: alpha, sigma
        end function
        subroutine c_schedule_free(schedule) bind(c, name='quell_schedule_free')
            import; type(c_ptr), value :: schedule
        end subroutine
    end interface
end module
