/* SPDX-License-Identifier: MIT */
/* What each sampler claims, for every option that bears on its order. */
#include "orders.h"

#define ODE(spec_, claimed_) {spec_, claimed_, ORDER_PATH, ORDER_GRADED, NULL}
#define LAW(spec_, claimed_) {spec_, claimed_, ORDER_WEAK, ORDER_GRADED, NULL}
#define SDE(spec_, claimed_) {spec_, claimed_, ORDER_STRONG, ORDER_GRADED, NULL}
#define ORDERS(name)                                                           \
    ODE(name ":order=1", 1), ODE(name ":order=2", 2), ODE(name ":order=3", 3), \
        ODE(name ":order=4", 4)
#define EVENS(name)                                                                  \
    {name ":order=1", 1, ORDER_PATH, ORDER_EVEN, "even steps of sigma / alpha"},     \
        {name ":order=2", 2, ORDER_PATH, ORDER_EVEN, "even steps of sigma / alpha"}, \
        {name ":order=3", 3, ORDER_PATH, ORDER_EVEN, "even steps of sigma / alpha"}, \
        {name ":order=4", 4, ORDER_PATH, ORDER_EVEN, "even steps of sigma / alpha"}

const struct order_case order_cases[] = {
    ODE("ddim", 1),
    ODE("euler", 1),
    ODE("heun", 2),
    ODE("dpm2", 2),
    ODE("heunpp2", 1),
    ODE("euler_a:eta=0", 1),
    ODE("dpm2_a:eta=0", 2),
    ODE("dpmpp_2s_a:eta=0", 2),
    ODE("ito:eta=0", 1),
    ODE("res_2s", 2),
    ODE("res_2s:c2=0.7", 2),
    ODE("dpm_single:order=1", 1),
    ODE("dpm_single:order=2", 2),
    ODE("dpm_single", 3),
    ODE("dpm_single:order=1,prediction=x0", 1),
    ODE("dpm_single:order=2,prediction=x0", 2),
    ODE("dpm_single:order=3,prediction=x0", 3),
    ODE("restart:restarts=0", 2),
    ORDERS("zab"),
    ORDERS("vab"),
    ORDERS("zeab"),
    ORDERS("xeab"),
    ORDERS("reab"),
    EVENS("ipndm"),
    ORDERS("ipndm_v"),
    ODE("res_multistep", 2),
    LAW("ddpm", 1),
    LAW("ddim:eta=0.5", 1),
    LAW("euler_a", 1),
    LAW("euler_a:form=rf", 1),
    LAW("dpm2_a", 1),
    LAW("dpmpp_2s_a", 1),
    LAW("ito", 1),
    LAW("dpmpp_sde", 1),
    LAW("dpmpp_2m_sde", 1),
    LAW("dpmpp_2m_sde:solver=heun", 1),
    LAW("dpmpp_3m_sde", 1),
    LAW("sa_solver", 1),
    LAW("er_sde", 1),
    LAW("er_sde:stage=1", 1),
    LAW("er_sde:stage=2", 1),
    LAW("seeds2", 1),
    LAW("seeds3", 1),
    SDE("ddpm", 1),
    SDE("euler_a", 1),
    SDE("dpm2_a", 1),
    SDE("dpmpp_2s_a", 1),
    SDE("ito", 1),
    SDE("dpmpp_sde", 1),
    SDE("dpmpp_2m_sde", 1),
    SDE("dpmpp_3m_sde", 1),
    SDE("sa_solver", 1),
    SDE("er_sde", 1),
    SDE("seeds2", 1),
    SDE("seeds3", 1),
    {0},
};
