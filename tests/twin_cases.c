/* SPDX-License-Identifier: MIT */
#include "twin_cases.h"

#include <stddef.h>

#define CASE(spec_) {spec_, NULL, 0}
#define CHURN(name)                                                                       \
    CASE(name), CASE(name ":s_churn=3"), CASE(name ":s_churn=40,s_tmin=0.1,s_tmax=5"),    \
        CASE(name ":s_churn=1,s_noise=1.05")
#define ETAS(name)                                                                             \
    CASE(name), CASE(name ":eta=0"), CASE(name ":eta=0.5"), CASE(name ":eta=0.7,s_noise=1.1"), \
        CASE(name ":s_noise=0")
#define ORDERS(name) \
    CASE(name), CASE(name ":order=1"), CASE(name ":order=2"), CASE(name ":order=3"), \
        CASE(name ":order=4")

const struct twin_case twin_cases[] = {
    CASE("ddpm"),
    CASE("ddim"),
    CASE("ddim:eta=0.5"),
    CASE("ddim:eta=1"),
    CHURN("euler"),
    CHURN("heun"),
    CHURN("dpm2"),
    CASE("heunpp2"),
    ETAS("euler_a"),
    CASE("euler_a:form=rf"),
    CASE("euler_a:form=rf,eta=0.5,s_noise=1.1"),
    CASE("euler_a:form=rf,eta=0"),
    ETAS("dpm2_a"),
    ETAS("dpmpp_2s_a"),
    CASE("ito"),
    CASE("ito:eta=0"),
    CASE("ito:eta=0.5,temperature=0.8"),
    CASE("res_2s"),
    ORDERS("zab"),
    {"lms", "zab:order=4", 0},
    ORDERS("vab"),
    ORDERS("zeab"),
    {"dpmsolver", "zeab:order=2", 0},
    {"deis", "zeab:order=3", 0},
    ORDERS("xeab"),
    {"dpmpp_2m", "xeab:order=2", 0},
    {"dpmpp_3m", "xeab:order=3", 0},
    ORDERS("reab"),
    ORDERS("ipndm"),
    ORDERS("ipndm_v"),
    CASE("res_multistep"),
    CASE("gradient_estimation"),
    CASE("gradient_estimation:gamma=1.5"),
    {0},
};
