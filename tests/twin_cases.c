/* SPDX-License-Identifier: MIT */
#include "twin_cases.h"

#include <stddef.h>

#define CASE(spec_) {spec_, NULL, 0}
#define CHURN(name)                                                                    \
    CASE(name), CASE(name ":s_churn=3"), CASE(name ":s_churn=40,s_tmin=0.1,s_tmax=5"), \
        CASE(name ":s_churn=1,s_noise=1.05")
#define ETAS(name)                                                                             \
    CASE(name), CASE(name ":eta=0"), CASE(name ":eta=0.5"), CASE(name ":eta=0.7,s_noise=1.1"), \
        CASE(name ":s_noise=0")
#define ORDERS(name)                                                                 \
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
    CASE("dpm_single"),
    CASE("dpm_single:order=1"),
    CASE("dpm_single:order=2"),
    CASE("dpm_single:order=1,prediction=x0"),
    CASE("dpm_single:order=2,prediction=x0"),
    CASE("dpm_single:prediction=x0"),
    CASE("dpm_single:fast=1"),
    CASE("dpm_single:fast=1,prediction=x0"),
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
    ORDERS("unipc"),
    CASE("unipc:order=3,variant=bh1"),
    CASE("unipc:order=2,variant=bh1"),
    CASE("unipc:order=3,corrector=0"),
    CASE("unipc:variant=bh2,corrector=0"),
    ETAS("dpmpp_sde"),
    CASE("dpmpp_sde:r=0.3"),
    ETAS("dpmpp_2m_sde"),
    CASE("dpmpp_2m_sde:solver=heun"),
    CASE("dpmpp_2m_sde:solver=heun,eta=0"),
    CASE("dpmpp_2m_sde:solver=midpoint"),
    ETAS("dpmpp_3m_sde"),
    CASE("dpmpp_3m_sde:reference=1"),
    CASE("dpmpp_3m_sde:reference=1,eta=0.5"),
    ETAS("sa_solver"),
    CASE("sa_solver:predictor_order=2,corrector_order=2"),
    CASE("sa_solver:predictor_order=1,corrector_order=0"),
    CASE("er_sde"),
    CASE("er_sde:stage=1"),
    CASE("er_sde:stage=2,s_noise=0.9"),
    ETAS("seeds2"),
    CASE("seeds2:r=0.3"),
    ETAS("seeds3"),
    CASE("pc"),
    CASE("pc:corrections=3,delta=0.2"),
    CASE("pc:corrections=0"),
    CASE("lcm"),
    {0},
};
