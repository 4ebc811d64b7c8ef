/* SPDX-License-Identifier: MIT */
/* What each sampler claims, for every option that bears on its order. */
#include "orders.h"

#define ODE(spec_, claimed_) {spec_, claimed_, 0, ORDER_GRADED, NULL}
#define LAW(spec_, claimed_) {spec_, claimed_, 1, ORDER_GRADED, NULL}
#define ORDERS(name) \
    ODE(name ":order=1", 1), ODE(name ":order=2", 2), ODE(name ":order=3", 3), \
        ODE(name ":order=4", 4)
#define EVENS(name)                                                                        \
    {name ":order=1", 1, 0, ORDER_EVEN, "even steps of sigma / alpha"},                    \
        {name ":order=2", 2, 0, ORDER_EVEN, "even steps of sigma / alpha"},                \
        {name ":order=3", 3, 0, ORDER_EVEN, "even steps of sigma / alpha"},                \
        {name ":order=4", 4, 0, ORDER_EVEN, "even steps of sigma / alpha"}

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
    LAW("dpm2_a", 2),
    LAW("dpmpp_2s_a", 2),
    LAW("ito", 1),
    {0},
};
