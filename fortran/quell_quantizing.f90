! SPDX-License-Identifier: MIT
! Quantising: makes whole numbers of eight bits of a network's weights, and says what is lost.
! quell/quantize.h says more.
!
!     type(quell_quantized) :: made
!     call quell_quantize(made, 'net.safetensors', 'small.safetensors')
!     print *, 'samples move by', made%moved, 'of their deviation'
module quell_quantizing
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: c_guidance, c_sampler_options
    use quell_c_quantize
    use quell_denoisers, only: quell_denoiser
    use quell_run_options, only: quell_draw, quell_run, quell_run_held, quell_run_of_dim
    use quell_samplers, only: quell_sampler_options, quell_sampler_options_for_c
    implicit none
    private
    public :: quell_quantize, quell_quantized, quell_quantize_options, quell_quantize_instruction

    ! How a network is quantised, and on which samples: draw them as they will be drawn later.
    type :: quell_quantize_options
        ! How far the samples may move, in units of the deviation of their elements.
        real(c_double) :: bound = 0.05_c_double
        ! The sampler ('dpmpp_2m'), and the spec of the schedule (the model's own, or else 'vp').
        character(:), allocatable :: sampler, schedule
        type(quell_sampler_options), allocatable :: sampling ! 20 steps

        ! Whether the network is guided, and how, as in quell_denoiser_from_guidance; by itself, if
        ! there is no guide.
        logical :: guided = .false.
        real(c_double) :: weight = 2, low = 0, high = 1, rescale = 0
        real(c_double), allocatable :: times(:), weights(:)
        type(quell_denoiser) :: guide

        integer(c_int64_t) :: count = 8 ! how many samples
        type(quell_draw) :: draw        ! which samples
        ! How they are drawn, which changes no bit of the file. Its progress is that of all the runs
        ! together; there must be no observer.
        type(quell_run) :: run
    end type

    ! A linear map, a convolution or an attention of the network. number: of the instruction in the
    ! program, from 0 on, as docs/programs.md counts. kind, weights: 'linear', 'conv' or
    ! 'attention', and the name of its weights, '' if it has none or they are computed.
    ! multiply_adds: those of one sample. quantized: whether it computes with whole numbers now.
    ! tried, moves: whether it was tried alone, and how far the samples moved then. why: why it
    ! stays as it is; '' if it is quantised.
    type :: quell_quantize_instruction
        integer(c_size_t) :: number
        character(:), allocatable :: kind, weights
        integer(c_int64_t) :: multiply_adds
        logical :: quantized, tried
        real(c_double) :: moves
        character(:), allocatable :: why
    end type

    ! What came of it. instructions: all of these instructions; quantized: how many of them compute
    ! with whole numbers now; share: the part of the multiply-adds of all that these do. moved: how
    ! far the samples moved, in the unit of the bound; deviation: that of the elements of the
    ! samples, which is this unit. wasserstein, floor: the sliced Wasserstein distance of the set of
    ! samples to that of the stored weights, and that of two sets of the stored weights with
    ! different seeds. seconds, runs: how long it took, and how many times the samples were drawn.
    ! bytes_before, bytes_after: the sizes of the two files.
    type :: quell_quantized
        type(quell_quantize_instruction), allocatable :: instructions(:)
        integer(c_size_t) :: quantized = 0
        real(c_double) :: share = 0, moved = 0, deviation = 0, wasserstein = 0, floor = 0
        real(c_double) :: seconds = 0
        integer(c_int64_t) :: runs = 0, bytes_before = 0, bytes_after = 0
    end type

    ! What must last as long as the call of C.
    type :: held_options
        type(quell_quantize_options) :: own
        type(quell_run_held) :: drawn
        type(c_sampler_options) :: sampling
        type(c_guidance) :: guidance
        character(:, kind=c_char), allocatable :: sampler, schedule, grid
    end type

contains

    ! Quantises the linear maps, convolutions and attentions of the network `model`, a file or one
    ! that is built in, and writes it to the file `out`.
    recursive subroutine quell_quantize(made, model, out, options, stat, errmsg)
        type(quell_quantized), intent(out) :: made
        character(*), intent(in) :: model, out
        type(quell_quantize_options), intent(in), optional :: options
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(held_options), target :: held
        type(c_quantize_options) :: c
        type(c_ptr) :: handle
        integer(c_int) :: status
        allocate (made%instructions(0))
        if (present(options)) held%own = options
        if (.not. translated(held, c, stat, errmsg)) return
        handle = c_null_ptr
        status = quell_check_text('quantize: model', model)
        if (status == QUELL_OK) status = quell_check_text('quantize: out', out)
        if (status == QUELL_OK) status = c_quantize(handle, trim(model) // c_null_char, &
            trim(out) // c_null_char, c)
        if (status == QUELL_OK) status = fill(made, handle)
        call c_quantized_free(handle)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Makes the options for C, which point to what is held; returns .false. if it cannot.
    recursive logical function translated(held, c, stat, errmsg)
        type(held_options), intent(inout), target :: held
        type(c_quantize_options), intent(out) :: c
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: count
        integer(c_int) :: status
        count = int(held%own%count, c_size_t)
        c = c_quantize_options(c_sizeof(c), held%own%bound, c_null_ptr, c_null_ptr, c_null_ptr, &
            c_null_ptr, c_null_ptr, c_null_ptr, c_null_ptr)
        translated = .false.
        if (.not. allocated(held%own%sampling)) held%own%sampling = quell_sampler_options(steps=20)
        if (.not. quell_sampler_options_for_c(held%own%sampling, held%grid, held%sampling, stat, &
            errmsg)) return
        if (.not. guided_for_c(held, c, stat, errmsg)) return
        status = quell_check_count('quantize: count', held%own%count)
        if (status == QUELL_OK) status = text_for_c('quantize: sampler', held%own%sampler, &
            held%sampler, c%sampler)
        if (status == QUELL_OK) status = text_for_c('quantize: schedule', held%own%schedule, &
            held%schedule, c%schedule)
        ! The elements of a sample are not known here, nor is there an x whose shape could be wrong.
        if (status == QUELL_OK) status = quell_run_of_dim(1_c_size_t, held%own%draw, &
            held%own%run, [1_c_size_t, count], count, held%drawn)
        translated = status == QUELL_OK
        if (.not. translated) call quell_finish(status, stat, errmsg)
        c%sampling = c_loc(held%sampling)
        c%draw = c_loc(held%drawn%draw)
        c%run = c_loc(held%drawn%run)
    end function

    recursive logical function guided_for_c(held, c, stat, errmsg)
        type(held_options), intent(inout), target :: held
        type(c_quantize_options), intent(inout) :: c
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: points
        points = 0
        if (allocated(held%own%times)) points = size(held%own%times, kind=c_size_t)
        held%guidance = c_guidance(c_sizeof(held%guidance), held%own%weight, held%own%low, &
            held%own%high, points, c_null_ptr, c_null_ptr, held%own%rescale)
        if (allocated(held%own%times)) held%guidance%times = c_loc(held%own%times)
        if (allocated(held%own%weights)) held%guidance%weights = c_loc(held%own%weights)
        c%guide = held%own%guide%handle
        if (held%own%guided) c%guidance = c_loc(held%guidance)
        guided_for_c = held%own%guided .or. .not. (allocated(held%own%times) .or. &
            allocated(held%own%weights))
        if (.not. guided_for_c) call quell_refuse( &
            'quantize: times and weights of guidance, but guided is .false.', stat, errmsg)
        if (.not. guided_for_c) return
        guided_for_c = held%own%guided .or. is_left(held%own)
        if (.not. guided_for_c) call quell_refuse('quantize: weight, low, high or rescale of ' // &
            'guidance is set, but guided is .false.', stat, errmsg)
        if (.not. guided_for_c .or. .not. allocated(held%own%weights)) return
        guided_for_c = size(held%own%weights) == points
        if (.not. guided_for_c) call quell_refuse_shape('quantize: the shape of weights', &
            shape(held%own%weights, kind=c_size_t), [points], stat, errmsg)
    end function

    ! Whether how the network would be guided was left as it is at first.
    pure logical function is_left(own)
        type(quell_quantize_options), intent(in) :: own
        type(quell_quantize_options) :: first
        real(c_double) :: set(4)
        set = abs([own%weight, own%low, own%high, own%rescale] - &
            [first%weight, first%low, first%high, first%rescale])
        is_left = all(set <= 0)
    end function

    ! Makes a text for C of one that is given; returns a status.
    recursive integer(c_int) function text_for_c(what, given, made, address) result(status)
        character(*), intent(in) :: what
        character(:), allocatable, intent(in) :: given
        character(:, kind=c_char), allocatable, target, intent(out) :: made
        type(c_ptr), intent(inout) :: address
        status = QUELL_OK
        if (.not. allocated(given)) return
        status = quell_check_text(what, given)
        made = trim(given) // c_null_char
        address = c_loc(made)
    end function

    ! Copies what C has to say; returns a status.
    recursive integer(c_int) function fill(made, handle) result(status)
        type(quell_quantized), intent(inout) :: made
        type(c_ptr), intent(in) :: handle
        type(c_quantize_report) :: report
        integer(c_size_t) :: i
        report%size = c_sizeof(report)
        status = c_quantized_report(handle, report)
        if (status /= QUELL_OK) return
        made%quantized = report%quantized
        made%share = report%share
        made%moved = report%moved
        made%deviation = report%deviation
        made%wasserstein = report%wasserstein
        made%floor = report%floor
        made%seconds = report%seconds
        made%runs = report%runs
        made%bytes_before = report%bytes_before
        made%bytes_after = report%bytes_after
        deallocate (made%instructions)
        allocate (made%instructions(report%instructions))
        do i = 1, report%instructions
            if (status == QUELL_OK) &
                status = fill_instruction(made%instructions(i), handle, i - 1)
        end do
    end function

    recursive integer(c_int) function fill_instruction(instruction, handle, i) result(status)
        type(quell_quantize_instruction), intent(inout) :: instruction
        type(c_ptr), intent(in) :: handle
        integer(c_size_t), intent(in) :: i
        type(c_quantize_instruction) :: known
        known%size = c_sizeof(known)
        status = c_quantized_instruction(handle, i, known)
        if (status /= QUELL_OK) return
        instruction%number = known%number
        instruction%kind = quell_text(known%kind)
        instruction%weights = quell_text(known%weights)
        instruction%multiply_adds = known%multiply_adds
        instruction%quantized = known%quantized /= 0
        instruction%tried = known%tried /= 0
        instruction%moves = known%moves
        instruction%why = quell_text(known%why)
    end function
end module
