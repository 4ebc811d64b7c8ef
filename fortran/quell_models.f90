! SPDX-License-Identifier: MIT
! Models by name: a denoiser with the shape and the schedule that go with it (quell/model.h).
module quell_models
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: c_model_load, c_model_load_as, c_model_from_denoiser, c_model_save, &
        c_model_denoiser, &
        c_model_rank, c_model_shape, c_model_image, c_model_schedule, c_model_free, &
        c_model_decodes, c_model_decoded_rank, c_model_decoded_shape, c_model_decode
    use quell_denoisers, only: quell_denoiser, quell_denoiser_dim
    use quell_run_options
    implicit none
    private
    public :: quell_model, quell_model_load, quell_model_load_as, quell_model_from_denoiser, &
        quell_model_save, quell_model_decode, quell_model_free

    ! A loaded model. denoiser: that of the model, which must not be freed alone. shape: the shape
    ! of one sample, in Fortran's order: an image is (width, height) or (channels, width, height).
    ! image: whether what it shows is an image, with values in [-1, 1]. schedule: the spec of the
    ! schedule that the model asks for, or ''. decodes: whether it has a decoder; decoded_shape: the
    ! shape of what that makes of a sample, in the same order; without one, that of a sample.
    type :: quell_model
        type(quell_denoiser) :: denoiser
        integer(c_size_t), allocatable :: shape(:)
        logical :: image = .false., decodes = .false.
        integer(c_size_t), allocatable :: decoded_shape(:)
        character(:), allocatable :: schedule
        type(c_ptr) :: handle = c_null_ptr
    end type

contains

    ! Loads 'builtin:NAME', or a file: .json, .npy or .safetensors. Free it by quell_model_free.
    recursive subroutine quell_model_load(model, name, stat, errmsg)
        type(quell_model), intent(out) :: model
        character(*), intent(in) :: name
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: status
        status = quell_check_text('model', name)
        if (status == QUELL_OK) status = c_model_load(model%handle, trim(name) // c_null_char)
        if (status == QUELL_OK) call fill(model)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Does the same in a precision of a network's weights: 'stored'; 'bf16': rounded to bfloat16, in
    ! half of the memory; or 'bf16_products': with products of bfloat16 numbers. Free it by
    ! quell_model_free.
    recursive subroutine quell_model_load_as(model, name, precision, stat, errmsg)
        type(quell_model), intent(out) :: model
        character(*), intent(in) :: name, precision
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: status
        status = quell_check_text('model', name)
        if (status == QUELL_OK) status = quell_check_text('model: its precision', precision)
        if (status == QUELL_OK) status = c_model_load_as(model%handle, trim(name) // c_null_char, &
            trim(precision) // c_null_char)
        if (status == QUELL_OK) call fill(model)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Creates a model from a denoiser, which it holds. shape: the shape of one sample, in Fortran's
    ! order. Free it by quell_model_free.
    recursive subroutine quell_model_from_denoiser(model, denoiser, shape, schedule, stat, errmsg)
        type(quell_model), intent(out) :: model
        type(quell_denoiser), intent(in) :: denoiser
        integer(c_size_t), intent(in) :: shape(:)
        character(*), intent(in), optional :: schedule
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        character(:, kind=c_char), allocatable, target :: spec
        integer(c_size_t) :: rank
        integer(c_int) :: status
        rank = size(shape, kind=c_size_t)
        spec = c_null_char
        if (present(schedule)) spec = trim(schedule) // c_null_char
        status = quell_check_text('model: its schedule', spec(:len(spec) - 1))
        if (status == QUELL_OK) &
            status = c_model_from_denoiser(model%handle, denoiser%handle, rank, shape(rank:1:-1), &
                c_loc(spec))
        if (status == QUELL_OK) call fill(model)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Fills in the members from what C knows of the model.
    recursive subroutine fill(model)
        type(quell_model), intent(inout) :: model
        integer(c_size_t), pointer :: shape(:)
        integer(c_size_t) :: rank
        rank = c_model_rank(model%handle)
        call c_f_pointer(c_model_shape(model%handle), shape, [rank])
        model%denoiser%handle = c_model_denoiser(model%handle)
        model%shape = shape(rank:1:-1)
        rank = c_model_decoded_rank(model%handle)
        call c_f_pointer(c_model_decoded_shape(model%handle), shape, [rank])
        model%decoded_shape = shape(rank:1:-1)
        model%decodes = c_model_decodes(model%handle) /= 0
        model%image = c_model_image(model%handle) /= 0
        model%schedule = quell_text(c_model_schedule(model%handle))
    end subroutine

    ! Writes a Gaussian or a mixture as JSON that loads to the same bits.
    recursive subroutine quell_model_save(model, path, stat, errmsg)
        type(quell_model), intent(in) :: model
        character(*), intent(in) :: path
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: status
        if (.not. c_associated(model%handle)) then
            call quell_refuse('model: none is loaded', stat, errmsg)
            return
        end if
        status = quell_check_text('model: its path', path)
        if (status == QUELL_OK) status = c_model_save(model%handle, trim(path) // c_null_char)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Decodes samples x(dim, count) of this draw to decoded(:, count), whose columns have the
    ! elements of the decoded shape.
    recursive subroutine quell_model_decode(model, draw, x, decoded, run, stat, errmsg)
        type(quell_model), intent(in) :: model
        type(quell_draw), intent(in), target :: draw
        real(c_float), intent(in), contiguous :: x(:, :)
        real(c_float), intent(inout), contiguous :: decoded(:, :)
        type(quell_run), intent(in), optional :: run
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(quell_run_held), target :: held
        integer(c_int) :: status
        if (.not. c_associated(model%handle)) then
            call quell_refuse('model: none is loaded', stat, errmsg)
            return
        end if
        if (size(decoded, 1) /= product(model%decoded_shape) .or. &
            size(decoded, 2) /= size(x, 2)) then
            call quell_refuse_shape('decode: the shape of decoded', &
                shape(decoded, kind=c_size_t), [int(product(model%decoded_shape), c_size_t), &
                size(x, 2, kind=c_size_t)], stat, errmsg)
            return
        end if
        status = quell_run_of_dim(quell_denoiser_dim(model%denoiser), draw, run, &
            shape(x, kind=c_size_t), size(x, 2, kind=c_size_t), held)
        if (status == QUELL_OK) &
            status = c_model_decode(model%handle, held%draw, held%run, x, decoded)
        call quell_finish(status, stat, errmsg)
    end subroutine

    recursive subroutine quell_model_free(model)
        type(quell_model), intent(inout) :: model
        call c_model_free(model%handle)
        model%handle = c_null_ptr
        model%denoiser%handle = c_null_ptr
    end subroutine
end module
