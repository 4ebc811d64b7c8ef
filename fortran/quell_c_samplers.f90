! SPDX-License-Identifier: MIT
! The C interface as it is: its functions on samplers, plans, transitions, runs and noise.
module quell_c_samplers
    use, intrinsic :: iso_c_binding
    use quell_c, only: quell_operation, quell_point, quell_term, quell_noise_term, &
        c_sampler_options, c_draw, &
        c_run
    implicit none
    private :: quell_operation, quell_point, quell_term, quell_noise_term, c_sampler_options, &
        c_draw, &
        c_run
    public

    interface
        ! Samplers.
        integer(c_int) function c_sampler_create(sampler, spec, denoiser, schedule, options) &
            bind(c, name='quell_sampler_create')
            import; type(c_ptr) :: sampler; character(kind=c_char) :: spec(*)
            type(c_ptr), value :: denoiser, schedule; type(c_sampler_options) :: options
        end function
        integer(c_int) function c_sampler_from_step(sampler, step, user, release, denoiser, &
            schedule, options) bind(c, name='quell_sampler_from_step')
            import; type(c_ptr) :: sampler; type(c_funptr), value :: step, release
            type(c_ptr), value :: user, denoiser, schedule; type(c_sampler_options) :: options
        end function
        integer(c_int) function c_sampler_from_builder(sampler, build, user, release, denoiser, &
            schedule, options) bind(c, name='quell_sampler_from_builder')
            import; type(c_ptr) :: sampler; type(c_funptr), value :: build, release
            type(c_ptr), value :: user, denoiser, schedule; type(c_sampler_options) :: options
        end function
        integer(c_size_t) function c_sampler_dim(sampler) bind(c, name='quell_sampler_dim')
            import; type(c_ptr), value :: sampler
        end function
        integer(c_size_t) function c_sampler_steps(sampler) bind(c, name='quell_sampler_steps')
            import; type(c_ptr), value :: sampler
        end function
        type(c_ptr) function c_sampler_grid(sampler) bind(c, name='quell_sampler_grid')
            import; type(c_ptr), value :: sampler
        end function
        integer(c_size_t) function c_sampler_evaluations(sampler) &
            bind(c, name='quell_sampler_evaluations')
            import; type(c_ptr), value :: sampler
        end function
        integer(c_int64_t) function c_sampler_digest(sampler) &
            bind(c, name='quell_sampler_digest')
            import; type(c_ptr), value :: sampler
        end function
        integer(c_size_t) function c_sampler_print(sampler, buffer, size) &
            bind(c, name='quell_sampler_print')
            import; type(c_ptr), value :: sampler
            character(kind=c_char) :: buffer(*); integer(c_size_t), value :: size
        end function
        integer(c_size_t) function c_sampler_operations(sampler) &
            bind(c, name='quell_sampler_operations')
            import; type(c_ptr), value :: sampler
        end function
        integer(c_int) function c_sampler_operation(sampler, i, operation) &
            bind(c, name='quell_sampler_operation')
            import; type(c_ptr), value :: sampler; integer(c_size_t), value :: i
            type(quell_operation) :: operation
        end function
        type(c_ptr) function c_operation_name(kind) bind(c, name='quell_operation_name')
            import; integer(c_int), value :: kind
        end function
        subroutine c_sampler_free(sampler) bind(c, name='quell_sampler_free')
            import; type(c_ptr), value :: sampler
        end subroutine

        ! Plans, inside a builder.
        type(quell_point) function c_plan_at(plan, t) bind(c, name='quell_plan_at')
            import; type(c_ptr), value :: plan; real(c_double), value :: t
        end function
        type(quell_point) function c_plan_at_lambda(plan, lambda) &
            bind(c, name='quell_plan_at_lambda')
            import; type(c_ptr), value :: plan; real(c_double), value :: lambda
        end function
        integer(c_int) function c_plan_register(plan) bind(c, name='quell_plan_register')
            import; type(c_ptr), value :: plan
        end function
        subroutine c_plan_release(plan, r) bind(c, name='quell_plan_release')
            import; type(c_ptr), value :: plan; integer(c_int), value :: r
        end subroutine
        integer(c_int) function c_plan_denoise(plan, x, t) bind(c, name='quell_plan_denoise')
            import; type(c_ptr), value :: plan; integer(c_int), value :: x
            type(quell_point) :: t
        end function
        integer(c_int) function c_plan_denoise_variance(plan, x, t, variance) &
            bind(c, name='quell_plan_denoise_variance')
            import; type(c_ptr), value :: plan; integer(c_int), value :: x
            type(quell_point) :: t; integer(c_int) :: variance
        end function
        subroutine c_plan_combine(plan, out, terms, term, noises, noise) &
            bind(c, name='quell_plan_combine')
            import; type(c_ptr), value :: plan; integer(c_int), value :: out
            integer(c_size_t), value :: terms, noises
            type(quell_term) :: term(*); type(quell_noise_term) :: noise(*)
        end subroutine
        subroutine c_plan_langevin(plan, x, eps, coefficient, noise) &
            bind(c, name='quell_plan_langevin')
            import; type(c_ptr), value :: plan; integer(c_int), value :: x, eps
            real(c_double), value :: coefficient; type(quell_noise_term), value :: noise
        end subroutine
        subroutine c_plan_spread(plan, x, v, low, high, stream) bind(c, name='quell_plan_spread')
            import; type(c_ptr), value :: plan; integer(c_int), value :: x, v
            real(c_double), value :: low, high; integer(c_int32_t), value :: stream
        end subroutine
        integer(c_int32_t) function c_plan_noise(plan, k, t, s) bind(c, name='quell_plan_noise')
            import; type(c_ptr), value :: plan; integer(c_int), value :: k
            type(quell_point) :: t, s
        end function
        integer(c_int32_t) function c_plan_noise_piece(plan, piece, t, s) &
            bind(c, name='quell_plan_noise_piece')
            import; type(c_ptr), value :: plan; integer(c_int), value :: piece
            type(quell_point) :: t, s
        end function
        subroutine c_plan_step(plan, t, s) bind(c, name='quell_plan_step')
            import; type(c_ptr), value :: plan; type(quell_point) :: t, s
        end subroutine
        subroutine c_plan_refuse(plan, status, message) bind(c, name='quell_plan_refuse')
            import; type(c_ptr), value :: plan; integer(c_int), value :: status
            character(kind=c_char) :: message(*)
        end subroutine

        ! Inside a step of the caller's.
        type(c_ptr) function c_transition_told(transition) bind(c, name='quell_transition_told')
            import; type(c_ptr), value :: transition
        end function
        integer(c_int64_t) function c_transition_first(transition) &
            bind(c, name='quell_transition_first')
            import; type(c_ptr), value :: transition
        end function
        integer(c_size_t) function c_transition_rows(transition) &
            bind(c, name='quell_transition_rows')
            import; type(c_ptr), value :: transition
        end function
        integer(c_size_t) function c_transition_dim(transition) &
            bind(c, name='quell_transition_dim')
            import; type(c_ptr), value :: transition
        end function
        integer(c_size_t) function c_transition_index(transition) &
            bind(c, name='quell_transition_index')
            import; type(c_ptr), value :: transition
        end function
        type(c_ptr) function c_transition_context(transition) &
            bind(c, name='quell_transition_context')
            import; type(c_ptr), value :: transition
        end function
        type(c_ptr) function c_transition_scratch(transition, k) &
            bind(c, name='quell_transition_scratch')
            import; type(c_ptr), value :: transition; integer(c_int), value :: k
        end function
        integer(c_int) function c_transition_denoise(transition, t, x, out) &
            bind(c, name='quell_transition_denoise')
            import; type(c_ptr), value :: transition
            type(quell_point) :: t; real(c_float) :: x(*), out(*)
        end function
        integer(c_int) function c_transition_noise(transition, k, out) &
            bind(c, name='quell_transition_noise')
            import; type(c_ptr), value :: transition
            integer(c_int), value :: k; real(c_float) :: out(*)
        end function
        integer(c_int) function c_transition_at(transition, t, point) &
            bind(c, name='quell_transition_at')
            import; type(c_ptr), value :: transition
            real(c_double), value :: t; type(quell_point) :: point
        end function

        ! Runs.
        integer(c_int) function c_sample(sampler, draw, run, x) bind(c, name='quell_sample')
            import; type(c_ptr), value :: sampler; type(c_draw) :: draw; type(c_run) :: run
            real(c_float) :: x(*)
        end function
        integer(c_int) function c_sample_prior(sampler, draw, run, x) &
            bind(c, name='quell_sample_prior')
            import; type(c_ptr), value :: sampler; type(c_draw) :: draw; type(c_run) :: run
            real(c_float) :: x(*)
        end function
        integer(c_int) function c_sample_from(sampler, draw, run, x) &
            bind(c, name='quell_sample_from')
            import; type(c_ptr), value :: sampler; type(c_draw) :: draw; type(c_run) :: run
            real(c_float) :: x(*)
        end function
        integer(c_int) function c_step(sampler, draw, run, t, s, x) bind(c, name='quell_step')
            import; type(c_ptr), value :: sampler; type(c_draw) :: draw; type(c_run) :: run
            real(c_double), value :: t, s; real(c_float) :: x(*)
        end function
        integer(c_int) function c_denoise(sampler, draw, run, t, x, out) &
            bind(c, name='quell_denoise')
            import; type(c_ptr), value :: sampler; type(c_draw) :: draw; type(c_run) :: run
            real(c_double), value :: t; real(c_float) :: x(*), out(*)
        end function

        ! Noise.
        integer(c_int) function c_noise(seed, stream, sample, element, count, out) &
            bind(c, name='quell_noise')
            import; integer(c_int64_t), value :: seed, sample, element
            integer(c_int32_t), value :: stream; integer(c_size_t), value :: count
            real(c_float) :: out(*)
        end function
        integer(c_int64_t) function c_noise_key(seed, t, s) bind(c, name='quell_noise_key')
            import; integer(c_int64_t), value :: seed; real(c_double), value :: t, s
        end function
        real(c_double) function c_noise_place(lambda) bind(c, name='quell_noise_place')
            import; real(c_double), value :: lambda
        end function
        integer(c_int) function c_noise_brownian(seed, k, t, s, sample, element, count, out) &
            bind(c, name='quell_noise_brownian')
            import; integer(c_int64_t), value :: seed, sample, element
            integer(c_int), value :: k; real(c_double), value :: t, s
            integer(c_size_t), value :: count; real(c_float) :: out(*)
        end function
    end interface
end module
