! SPDX-License-Identifier: MIT
! Samplers: they take x_1 to x_0 in steps of a reverse process. quell/sampler.h says more.
module quell_samplers
    use, intrinsic :: iso_c_binding
    use, intrinsic :: ieee_arithmetic, only: ieee_value, ieee_positive_inf, ieee_negative_inf
    use quell_base
    use quell_c, only: quell_operation, quell_operation_noise, quell_point, c_sampler_options
    use quell_c_samplers, only: c_sampler_create, c_sampler_from_builder, c_sampler_from_step, &
        c_sampler_dim, c_sampler_steps, c_sampler_grid, c_sampler_evaluations, c_sampler_digest, &
        c_sampler_operation, c_sampler_operations, c_operation_name, c_sampler_print, c_sampler_free
    use quell_denoisers, only: quell_denoiser
    use quell_plans, only: quell_plan, quell_build_fn
    use quell_schedules, only: quell_schedule
    use quell_transitions, only: quell_transition, quell_step_fn
    implicit none
    private
    public :: quell_sampler, quell_sampler_options, quell_sampler_create, &
        quell_sampler_from_builder, quell_sampler_from_step, quell_sampler_dim, &
        quell_sampler_steps, quell_sampler_grid, quell_sampler_evaluations, quell_sampler_digest, &
        quell_sampler_operation, quell_sampler_operations, quell_operation_name, &
        quell_sampler_print, quell_sampler_free, quell_sampler_options_for_c

    enum, bind(c)
        enumerator :: QUELL_OPERATION_EVAL, QUELL_OPERATION_COMBINE, QUELL_OPERATION_STEP, &
            QUELL_OPERATION_SPREAD, QUELL_OPERATION_LANGEVIN, QUELL_OPERATION_ADAPT
    end enum
    public :: QUELL_OPERATION_EVAL, QUELL_OPERATION_COMBINE, QUELL_OPERATION_STEP, &
        QUELL_OPERATION_SPREAD, QUELL_OPERATION_LANGEVIN, QUELL_OPERATION_ADAPT
    public :: quell_operation, quell_operation_noise

    ! A sampler: a handle. A copy of it is the same sampler. It never changes, and any number of
    ! threads may use it: several runs on one sampler may go on at once. Free it once.
    type :: quell_sampler
        type(c_ptr) :: handle = c_null_ptr
    end type

    ! What a sampler is made with; quell/sampler.h says more. What is not allocated, and 0 steps,
    ! has quell's default; what would have no effect is refused. times or sigmas, if given, are the
    ! points of the grid, and set the number of steps. prior_mean and prior_variance have one value,
    ! or one per element; both have the same number.
    type :: quell_sampler_options
        integer(c_size_t) :: steps = 0               ! the number of steps
        real(c_double) :: start = 1                  ! the first time
        real(c_double) :: stop = 0                   ! the last time
        real(c_double), allocatable :: times(:)      ! the times of the grid, which fall
        real(c_double), allocatable :: sigmas(:)     ! its values of sigma / alpha, which fall
        real(c_double), allocatable :: clamp_low     ! clamp of the denoiser's output, from below
        real(c_double), allocatable :: clamp_high    ! clamp of the denoiser's output, from above
        real(c_double), allocatable :: prior_mean(:)     ! the mean of X
        real(c_double), allocatable :: prior_variance(:) ! the variance of X
        character(:), allocatable :: grid            ! how the steps are placed in time
        logical :: brownian = .false.                ! whether the noise is of a Brownian path
        real(c_double) :: threshold = 0              ! the quantile of dynamic thresholding
        real(c_double), allocatable :: threshold_max ! the upper bound on this threshold
    end type

contains

    ! Creates a sampler by its name and options, 'NAME[:KEY=VALUE[,KEY=VALUE...]]'.
    recursive subroutine quell_sampler_create(sampler, spec, denoiser, schedule, options, stat, &
        errmsg)
        type(quell_sampler), intent(out) :: sampler
        character(*), intent(in) :: spec
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_schedule), intent(in) :: schedule
        type(quell_sampler_options), intent(in), optional, target :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_sampler_options) :: c
        character(:), allocatable, target :: grid
        integer(c_int) :: status
        if (.not. quell_sampler_options_for_c(options, grid, c, stat, errmsg)) return
        status = quell_check_text('sampler', spec)
        if (status == QUELL_OK) status = c_sampler_create(sampler%handle, &
            trim(spec) // c_null_char, denoiser%handle, schedule%handle, c)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Creates a sampler from the caller's own builder of a plan, which is called here for the whole
    ! grid, and by quell_step for one transition. An internal procedure must not be used after its
    ! host has returned.
    recursive subroutine quell_sampler_from_builder(sampler, build, denoiser, schedule, options, &
        stat, errmsg)
        type(quell_sampler), intent(out) :: sampler
        procedure(quell_build_fn) :: build
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_schedule), intent(in) :: schedule
        type(quell_sampler_options), intent(in), optional, target :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_sampler_options) :: c
        character(:), allocatable, target :: grid
        if (.not. quell_sampler_options_for_c(options, grid, c, stat, errmsg)) return
        call quell_finish(c_sampler_from_builder(sampler%handle, c_funloc(build_plan), &
            transfer(c_funloc(build), c_null_ptr), c_null_funptr, denoiser%handle, &
            schedule%handle, c), stat, errmsg)
    end subroutine

    recursive integer(c_int) function build_plan(user, plan, grid, steps) bind(c)
        type(c_ptr), value :: user, plan
        integer(c_size_t), value :: steps
        type(quell_point), intent(in) :: grid(0:steps)
        procedure(quell_build_fn), pointer :: own
        integer :: stat
        call c_f_procpointer(transfer(user, c_null_funptr), own)
        stat = 0
        call own(quell_plan(plan), grid, stat)
        build_plan = int(stat, c_int)
    end function

    ! Creates a sampler from the caller's own transition, which is called from many threads at once.
    ! An internal procedure must not be used after its host has returned.
    recursive subroutine quell_sampler_from_step(sampler, step, denoiser, schedule, options, &
        stat, errmsg)
        type(quell_sampler), intent(out) :: sampler
        procedure(quell_step_fn) :: step
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_schedule), intent(in) :: schedule
        type(quell_sampler_options), intent(in), optional, target :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_sampler_options) :: c
        character(:), allocatable, target :: grid
        if (.not. quell_sampler_options_for_c(options, grid, c, stat, errmsg)) return
        call quell_finish(c_sampler_from_step(sampler%handle, c_funloc(take_step), &
            transfer(c_funloc(step), c_null_ptr), c_null_funptr, denoiser%handle, schedule%handle, &
            c), stat, errmsg)
    end subroutine

    recursive integer(c_int) function take_step(user, transition, t, s, x) bind(c)
        use quell_c_samplers, only: c_transition_rows, c_transition_dim
        type(c_ptr), value :: user, transition, x
        type(quell_point), intent(in) :: t, s
        procedure(quell_step_fn), pointer :: own
        real(c_float), pointer, contiguous :: rows(:, :)
        integer :: stat
        call c_f_procpointer(transfer(user, c_null_funptr), own)
        call c_f_pointer(x, rows, [c_transition_dim(transition), c_transition_rows(transition)])
        stat = 0
        call own(quell_transition(transition), t, s, rows, stat)
        take_step = int(stat, c_int)
    end function

    ! Makes the options for C, which point to the given ones and to `grid`; returns .false. if it
    ! cannot.
    recursive logical function quell_sampler_options_for_c(options, grid, c, stat, errmsg) &
        result(translated)
        type(quell_sampler_options), intent(in), optional, target :: options
        character(:), allocatable, target, intent(out) :: grid
        type(c_sampler_options), intent(out) :: c
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_sampler_options), target :: defaults
        type(quell_sampler_options), pointer :: o
        integer(c_int) :: status
        o => defaults
        if (present(options)) o => options
        c = c_sampler_options(c_sizeof(c), o%steps, o%start, o%stop, located(o%times), &
            ieee_value(1._c_double, ieee_negative_inf), ieee_value(1._c_double, &
            ieee_positive_inf), 1, located(o%prior_mean), located(o%prior_variance), c_null_ptr, &
            merge(1, 0, o%brownian), located(o%sigmas), o%threshold, &
            ieee_value(1._c_double, ieee_positive_inf))
        if (allocated(o%clamp_low)) c%clamp_low = o%clamp_low
        if (allocated(o%clamp_high)) c%clamp_high = o%clamp_high
        if (allocated(o%threshold_max)) c%threshold_max = o%threshold_max
        if (allocated(o%times)) c%steps = size(o%times, kind=c_size_t) - 1
        if (allocated(o%sigmas)) c%steps = size(o%sigmas, kind=c_size_t) - 1
        if (allocated(o%prior_variance)) c%prior_dim = size(o%prior_variance, kind=c_size_t)
        if (allocated(o%prior_mean)) c%prior_dim = size(o%prior_mean, kind=c_size_t)
        if (allocated(o%grid)) then
            grid = trim(o%grid) // c_null_char
            c%grid = c_loc(grid)
        end if
        status = quell_check_count('sampler: steps', int(o%steps, c_int64_t))
        if (status == QUELL_OK .and. allocated(o%grid)) &
            status = quell_check_text('sampler: grid', o%grid)
        translated = status == QUELL_OK
        if (.not. translated) then
            call quell_finish(status, stat, errmsg)
            return
        end if
        translated = (o%steps == defaults%steps .or. o%steps == c%steps) .and. c%steps >= 0
        if (c%steps < 1 .and. (allocated(o%times) .or. allocated(o%sigmas))) then
            translated = .false.
            call quell_refuse('sampler: ' // trim(merge('sigmas', 'times ', &
                allocated(o%sigmas))) // ' has ' // &
                quell_number(int(c%steps, c_int64_t) + 1) // ', must have 2 or more', stat, errmsg)
            return
        end if
        if (.not. translated) then
            call quell_refuse('sampler: steps is ' // quell_number(int(o%steps, c_int64_t)) // &
                ', but there are ' // quell_number(int(c%steps, c_int64_t) + 1) // &
                trim(merge(' sigmas', ' times ', allocated(o%sigmas))) // &
                ', which must be one more than the steps; leave steps out', stat, errmsg)
            return
        end if
        if (allocated(o%prior_mean) .and. allocated(o%prior_variance)) &
            translated = size(o%prior_mean) == size(o%prior_variance)
        if (.not. translated) &
            call quell_refuse_shape('sampler: the shape of prior_variance', &
                shape(o%prior_variance, kind=c_size_t), shape(o%prior_mean, kind=c_size_t), stat, &
                errmsg)
    end function

    recursive type(c_ptr) function located(values)
        real(c_double), intent(in), allocatable, target :: values(:)
        located = c_null_ptr
        if (allocated(values)) located = c_loc(values)
    end function

    ! Return the number of elements of a sample, the number of steps, the points of the grid (steps
    ! + 1, from the first time to the last), and how often the denoiser is evaluated for one sample
    ! (0: not known in advance).
    recursive integer(c_size_t) function quell_sampler_dim(sampler)
        type(quell_sampler), intent(in) :: sampler
        quell_sampler_dim = c_sampler_dim(sampler%handle)
    end function

    recursive integer(c_size_t) function quell_sampler_steps(sampler)
        type(quell_sampler), intent(in) :: sampler
        quell_sampler_steps = c_sampler_steps(sampler%handle)
    end function

    recursive function quell_sampler_grid(sampler) result(grid)
        type(quell_sampler), intent(in) :: sampler
        type(quell_point), allocatable :: grid(:)
        type(quell_point), pointer :: points(:)
        type(c_ptr) :: found
        found = c_sampler_grid(sampler%handle)
        allocate(grid(0))
        if (.not. c_associated(found)) return
        call c_f_pointer(found, points, [quell_sampler_steps(sampler) + 1])
        grid = points
    end function

    recursive integer(c_size_t) function quell_sampler_evaluations(sampler)
        type(quell_sampler), intent(in) :: sampler
        quell_sampler_evaluations = c_sampler_evaluations(sampler%handle)
    end function

    ! Returns a digest of all that the samples depend on, apart from the draw: the denoiser, the
    ! plan, the law of x_1.
    recursive integer(c_int64_t) function quell_sampler_digest(sampler)
        type(quell_sampler), intent(in) :: sampler
        quell_sampler_digest = c_sampler_digest(sampler%handle)
    end function

    ! Return how many operations the sampler's plan has, and its operation i, from 1 on
    ! (operation.h).
    recursive integer(c_size_t) function quell_sampler_operations(sampler)
        type(quell_sampler), intent(in) :: sampler
        quell_sampler_operations = c_sampler_operations(sampler%handle)
    end function

    recursive subroutine quell_sampler_operation(sampler, i, operation, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        integer(c_size_t), intent(in) :: i
        type(quell_operation), intent(out) :: operation
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        operation%size = c_sizeof(operation)
        if (c_associated(sampler%handle) .and. .not. is_operation(sampler, i, stat, errmsg)) return
        call quell_finish(c_sampler_operation(sampler%handle, i - 1, operation), stat, errmsg)
    end subroutine

    recursive logical function is_operation(sampler, i, stat, errmsg)
        type(quell_sampler), intent(in) :: sampler
        integer(c_size_t), intent(in) :: i
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(60) :: numbers
        is_operation = i >= 1 .and. i <= c_sampler_operations(sampler%handle)
        if (is_operation) return
        write (numbers, '(i0, a, i0)') i, ', must be from 1 to ', &
            c_sampler_operations(sampler%handle)
        call quell_error_set(int(QUELL_NOT_FOUND), 'operation: i is ' // trim(numbers))
        call quell_finish(QUELL_NOT_FOUND, stat, errmsg)
    end function

    ! Returns the word for a kind of operation, such as 'eval' for QUELL_OPERATION_EVAL.
    recursive function quell_operation_name(kind) result(name)
        integer, intent(in) :: kind
        character(:), allocatable :: name
        name = quell_text(c_operation_name(int(kind, c_int)))
    end function

    ! Returns the plan as text, a line for each operation. The plan of a sampler made by _from_step
    ! has STEPs only.
    recursive function quell_sampler_print(sampler) result(text)
        type(quell_sampler), intent(in) :: sampler
        character(:), allocatable :: text
        character(kind=c_char), allocatable, target :: buffer(:)
        character(kind=c_char) :: none(1)
        integer(c_size_t) :: length
        length = c_sampler_print(sampler%handle, none, 0_c_size_t) + 1
        allocate(buffer(length))
        buffer(1) = c_null_char
        length = c_sampler_print(sampler%handle, buffer, length)
        text = quell_text(c_loc(buffer))
    end function

    recursive subroutine quell_sampler_free(sampler)
        type(quell_sampler), intent(inout) :: sampler
        call c_sampler_free(sampler%handle)
        sampler%handle = c_null_ptr
    end subroutine
end module
