! SPDX-License-Identifier: MIT
! The structs of quell_c are laid out as C's: C fills them with 1, 2, 3, ...
module layouts
    use, intrinsic :: iso_c_binding
    use quell_c
    use checking
    implicit none
    private
    public :: check_layouts

    interface
        integer(c_size_t) function in_c_call(it) bind(c)
            import; type(quell_call) :: it
        end function
        integer(c_size_t) function in_c_function_options(it) bind(c)
            import; type(c_function_options) :: it
        end function
        integer(c_size_t) function in_c_guidance(it) bind(c)
            import; type(c_guidance) :: it
        end function
        integer(c_size_t) function in_c_sampler_options(it) bind(c)
            import; type(c_sampler_options) :: it
        end function
        integer(c_size_t) function in_c_draw_options(it) bind(c)
            import; type(c_draw) :: it
        end function
        integer(c_size_t) function in_c_run(it) bind(c)
            import; type(c_run) :: it
        end function
        integer(c_size_t) function in_c_entry(it) bind(c)
            import; type(c_entry) :: it
        end function
        integer(c_size_t) function in_c_entry_alias(it) bind(c)
            import; type(c_entry_alias) :: it
        end function
        integer(c_size_t) function in_c_entry_option(it) bind(c)
            import; type(c_entry_option) :: it
        end function
        integer(c_size_t) function in_c_point(it) bind(c)
            import; type(quell_point) :: it
        end function
        integer(c_size_t) function in_c_term(it) bind(c)
            import; type(quell_term) :: it
        end function
        integer(c_size_t) function in_c_noise_term(it) bind(c)
            import; type(quell_noise_term) :: it
        end function
        integer(c_size_t) function in_c_operation(it) bind(c)
            import; type(quell_operation) :: it
        end function
    end interface

    interface is
        module procedure is_size, is_int, is_double, is_pointer, is_function
    end interface

contains

    subroutine check_layouts()
        type(quell_call) :: call
        type(c_function_options) :: options
        type(c_guidance) :: guidance
        type(c_sampler_options) :: sampler
        type(c_draw) :: draw
        type(c_run) :: run
        type(c_entry) :: entry
        type(c_entry_alias) :: alias
        type(c_entry_option) :: option
        type(quell_point) :: point
        type(quell_term) :: term
        type(quell_noise_term) :: noise
        type(quell_operation) :: operation

        call check(in_c_call(call) == c_sizeof(call), 'size of quell_call')
        call check(is(call%first, 1) .and. is(call%rows, 2) .and. is(call%dim, 3) .and. &
            is(call%worker, 4) .and. is(call%workers, 5) .and. is(call%t, 6) .and. &
            is(call%alpha, 7) .and. is(call%sigma, 8) .and. is(call%time, 9) .and. &
            is(call%variance, 10) .and. is(call%context, 11) .and. &
            is(call%classes, 12) .and. is(call%conditions, 13) .and. &
            is(call%seeds, 14) .and. is(call%indices, 15) .and. &
            is(call%condition_count, 16), 'quell_call')

        call check(in_c_function_options(options) == c_sizeof(options), 'size of the options')
        call check(is(options%size, 1) .and. is(options%output, 2) .and. &
            is(options%precondition, 3) .and. is(options%whole_batch, 4) .and. &
            is(options%reproducible, 5) .and. is(options%variance, 6) .and. is(options%release, 0) &
            .and. is(options%classes, 8) .and. options%digest == 9 .and. &
            is(options%conditions, 10) .and. is(options%condition_count, 11), &
            'quell_function_options')

        call check(in_c_guidance(guidance) == c_sizeof(guidance), 'size of quell_guidance')
        call check(is(guidance%size, 1) .and. is(guidance%weight, 2) .and. is(guidance%low, 3) &
            .and. is(guidance%high, 4) .and. is(guidance%points, 5) .and. is(guidance%times, 6) &
            .and. is(guidance%weights, 7) .and. is(guidance%rescale, 8), 'quell_guidance')

        call check(in_c_sampler_options(sampler) == c_sizeof(sampler), 'size of sampler options')
        call check(is(sampler%size, 1) .and. is(sampler%steps, 2) .and. is(sampler%start, 3) .and. &
            is(sampler%stop, 4) .and. is(sampler%times, 5) .and. is(sampler%clamp_low, 6) .and. &
            is(sampler%clamp_high, 7) .and. is(sampler%prior_dim, 8) .and. &
            is(sampler%prior_mean, 9) .and. is(sampler%prior_variance, 10) .and. &
            is(sampler%grid, 11) .and. is(sampler%brownian, 12) .and. is(sampler%sigmas, 13) .and. &
            is(sampler%threshold, 14) .and. is(sampler%threshold_max, 15), 'sampler options')

        call check(in_c_draw_options(draw) == c_sizeof(draw), 'size of quell_draw')
        call check(is(draw%size, 1) .and. is(draw%seed, 2) .and. is(draw%first, 3) .and. &
            is(draw%count, 4) .and. is(draw%seeds, 5) .and. is(draw%indices, 6) &
            .and. is(draw%classes, 7) .and. is(draw%conditions, 8) &
            .and. is(draw%condition_count, 9) .and. is(draw%negative_classes, 10) &
            .and. is(draw%negative_conditions, 11) .and. is(draw%negative_condition_count, 12) &
            .and. is(draw%context, 13) .and. is(draw%part, 14), 'quell_draw')

        call check(in_c_run(run) == c_sizeof(run), 'size of quell_run')
        call check(is(run%size, 1) .and. is(run%threads, 2) .and. is(run%parallel, 3) .and. &
            is(run%host, 4) .and. is(run%isa, 5) .and. is(run%tile, 6) .and. &
            is(run%progress, 7) .and. is(run%progress_user, 8) .and. is(run%observe, 9) .and. &
            is(run%observe_user, 10), 'quell_run')

        call check(in_c_entry(entry) == c_sizeof(entry), 'size of quell_entry')
        call check(is(entry%size, 1) .and. is(entry%name, 2) .and. is(entry%summary, 3) .and. &
            is(entry%source, 4) .and. is(entry%aliases, 5) .and. is(entry%options, 6) .and. &
            is(entry%available, 7) .and. is(entry%order, 8) .and. is(entry%evaluations, 9) .and. &
            is(entry%stochastic, 10), 'quell_entry')
        call check(in_c_entry_alias(alias) == c_sizeof(alias), 'size of quell_entry_alias')
        call check(is(alias%size, 1) .and. is(alias%name, 2) .and. is(alias%spec, 3), &
            'quell_entry_alias')
        call check(in_c_entry_option(option) == c_sizeof(option), 'size of quell_entry_option')
        call check(is(option%size, 1) .and. is(option%name, 2) .and. is(option%summary, 3) .and. &
            is(option%type, 2) .and. is(option%value, 5) .and. is(option%low, 6) .and. &
            is(option%high, 7) .and. is(option%choices, 8), 'quell_entry_option')

        call check(in_c_point(point) == c_sizeof(point), 'size of quell_point')
        call check(is(point%t, 1) .and. is(point%alpha, 2) .and. is(point%sigma, 3) .and. &
            is(point%log_alpha, 4) .and. is(point%log_sigma, 5), 'quell_point')
        call check(in_c_term(term) == c_sizeof(term), 'size of quell_term')
        call check(is(term%coefficient, 1) .and. is(term%source, 2), 'quell_term')
        call check(in_c_noise_term(noise) == c_sizeof(noise), 'size of quell_noise_term')
        call check(is(noise%coefficient, 1) .and. is(noise%stream, 2), 'quell_noise_term')
        call check(in_c_operation(operation) == c_sizeof(operation), 'size of quell_operation')
        call check(is(operation%size, 1) .and. is(operation%kind, 2) .and. is(operation%out, 3) &
            .and. is(operation%variance, 4) .and. is(operation%apart, 5) .and. &
            is(operation%by_norms, 6) .and. is(operation%spread_middle, 7) .and. &
            is(operation%terms, 8) .and. is(operation%noises, 9) .and. is(operation%t%t, 10) &
            .and. is(operation%s%t, 11), 'quell_operation')
        call check(is(operation%term(6)%coefficient, 12) .and. is(operation%term(6)%source, 13) &
            .and. is(operation%noise(2)%coefficient, 14) .and. is(operation%noise(2)%slot, 15) &
            .and. is(operation%noise(2)%path, 16) .and. is(operation%noise(2)%from, 17) .and. &
            is(operation%noise(2)%to, 18), 'its terms and noises')
    end subroutine

    logical function is_size(value, n)
        integer(c_size_t), intent(in) :: value
        integer, intent(in) :: n
        is_size = value == n
    end function

    logical function is_int(value, n)
        integer(c_int), intent(in) :: value
        integer, intent(in) :: n
        is_int = value == n
    end function

    logical function is_double(value, n)
        real(c_double), intent(in) :: value
        integer, intent(in) :: n
        is_double = value == n
    end function

    logical function is_pointer(value, n)
        type(c_ptr), intent(in) :: value
        integer, intent(in) :: n
        is_pointer = transfer(value, 0_c_intptr_t) == n
    end function

    logical function is_function(value, n)
        type(c_funptr), intent(in) :: value
        integer, intent(in) :: n
        is_function = transfer(value, 0_c_intptr_t) == n
    end function
end module
