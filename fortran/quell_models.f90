! SPDX-License-Identifier: MIT
! Models by name: a denoiser with the shape and the schedule that go with it (quell/model.h).
module quell_models
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: c_model, c_model_load, c_model_save, c_model_free
    use quell_denoisers, only: quell_denoiser
    implicit none
    private
    public :: quell_model, quell_model_load, quell_model_save, quell_model_free

    ! denoiser: the model's, not to be freed alone. shape: of one sample, in Fortran's order, so
    ! that an image is (width, height) or (channels, width, height). image: whether it is one, with
    ! values in [-1, 1]. schedule: the spec of the one that it asks for, or ''.
    type :: quell_model
        type(quell_denoiser) :: denoiser
        integer(c_size_t), allocatable :: shape(:)
        logical :: image = .false.
        character(:), allocatable :: schedule
        type(c_model), pointer :: handle => null()
    end type

contains

    ! Loads 'builtin:NAME', or a file: .json, .npy, .safetensors. To be freed.
    recursive subroutine quell_model_load(model, name, stat, errmsg)
        type(quell_model), intent(out) :: model
        character(*), intent(in) :: name
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_model), pointer :: c
        integer(c_int) :: status
        allocate(c)
        status = quell_check_text('model', name)
        if (status == QUELL_OK) status = c_model_load(c, trim(name) // c_null_char)
        if (status == QUELL_OK) then
            model%handle => c
            model%denoiser%handle = c%denoiser
            model%shape = c%shape(c%rank:1:-1)
            model%image = c%image /= 0
            model%schedule = quell_text(address_of(c%schedule))
        else
            deallocate(c)
        end if
        call quell_finish(status, stat, errmsg)
    end subroutine

    recursive type(c_ptr) function address_of(text)
        character(kind=c_char), intent(in), target :: text(:)
        address_of = c_loc(text(1))
    end function

    ! Writes a Gaussian or a mixture as JSON that loads to the same bits.
    recursive subroutine quell_model_save(model, path, stat, errmsg)
        type(quell_model), intent(in) :: model
        character(*), intent(in) :: path
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: status
        if (.not. associated(model%handle)) then
            call quell_refuse('model: none is loaded', stat, errmsg)
            return
        end if
        status = quell_check_text('model: its path', path)
        if (status == QUELL_OK) status = c_model_save(model%handle, trim(path) // c_null_char)
        call quell_finish(status, stat, errmsg)
    end subroutine

    recursive subroutine quell_model_free(model)
        type(quell_model), intent(inout) :: model
        if (associated(model%handle)) then
            call c_model_free(model%handle)
            deallocate(model%handle)
        end if
        model%denoiser%handle = c_null_ptr
    end subroutine
end module
