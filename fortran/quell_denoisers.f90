! SPDX-License-Identifier: MIT
! Denoisers: x_t -> E[X | x_t]. quell/denoiser.h says what each of them is. Parameters are double,
! samples are float; means and points are (dim, count). A mean that is left out is 0.
module quell_denoisers
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: c_denoiser_from_isotropic, c_denoiser_from_diagonal, &
        c_denoiser_from_covariance, c_denoiser_from_eigenbasis, c_denoiser_eigenbasis, &
        c_denoiser_from_mixture, c_denoiser_from_diagonal_mixture, c_denoiser_from_points, &
        c_denoiser_from_guidance, c_denoiser_dim, c_denoiser_reproducible, c_denoiser_kind, &
        c_denoiser_classes, c_denoiser_conditions, c_denoiser_condition, &
        c_denoiser_digest, c_denoiser_free, c_guidance
    implicit none
    private
    public :: quell_denoiser, quell_denoiser_from_isotropic, quell_denoiser_from_diagonal, &
        quell_denoiser_from_covariance, quell_denoiser_from_eigenbasis, quell_denoiser_eigenbasis, &
        quell_denoiser_from_mixture, quell_denoiser_from_diagonal_mixture, &
        quell_denoiser_from_points, quell_denoiser_from_guidance, quell_denoiser_dim, &
        quell_denoiser_reproducible, quell_denoiser_kind, quell_denoiser_classes, &
        quell_denoiser_conditions, quell_denoiser_condition, &
        quell_denoiser_digest, quell_denoiser_free

    ! A denoiser: a handle. A copy of it is the same denoiser. It never changes, and any number of
    ! threads may use it. Free it once; samplers hold what they need.
    type :: quell_denoiser
        type(c_ptr) :: handle = c_null_ptr
    end type

contains

    ! Writes the address of a mean; returns .false. if it does not have `dim` values.
    recursive logical function located(mean, dim, address, stat, errmsg)
        real(c_double), intent(in), contiguous, target :: mean(:)
        integer(c_size_t), intent(in) :: dim
        type(c_ptr), intent(out) :: address
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        address = c_loc(mean)
        located = size(mean, kind=c_size_t) == dim
        if (.not. located) call quell_refuse_shape('denoiser: the shape of mean', &
            shape(mean, kind=c_size_t), [dim], stat, errmsg)
    end function

    ! X ~ N(mean, variance I).
    recursive subroutine quell_denoiser_from_isotropic(denoiser, dim, variance, mean, stat, errmsg)
        type(quell_denoiser), intent(out) :: denoiser
        integer(c_size_t), intent(in) :: dim
        real(c_double), intent(in) :: variance
        real(c_double), intent(in), contiguous, optional, target :: mean(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: at
        integer(c_int) :: status
        at = c_null_ptr
        if (present(mean)) then
            if (.not. located(mean, dim, at, stat, errmsg)) return
        end if
        status = quell_check_count('denoiser: dim', int(dim, c_int64_t))
        if (status == QUELL_OK) &
            status = c_denoiser_from_isotropic(denoiser%handle, dim, at, variance)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! X ~ N(mean, diag(variances)).
    recursive subroutine quell_denoiser_from_diagonal(denoiser, variances, mean, stat, errmsg)
        type(quell_denoiser), intent(out) :: denoiser
        real(c_double), intent(in), contiguous :: variances(:)
        real(c_double), intent(in), contiguous, optional, target :: mean(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: at
        integer(c_size_t) :: dim
        dim = size(variances, kind=c_size_t)
        at = c_null_ptr
        if (present(mean)) then
            if (.not. located(mean, dim, at, stat, errmsg)) return
        end if
        call quell_finish(c_denoiser_from_diagonal(denoiser%handle, dim, at, variances), stat, &
            errmsg)
    end subroutine

    ! X ~ N(mean, covariance). The last bits depend on the machine; those of _from_eigenbasis do
    ! not.
    recursive subroutine quell_denoiser_from_covariance(denoiser, covariance, mean, stat, errmsg)
        type(quell_denoiser), intent(out) :: denoiser
        real(c_double), intent(in), contiguous :: covariance(:, :)
        real(c_double), intent(in), contiguous, optional, target :: mean(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: at
        integer(c_size_t) :: dim
        dim = size(covariance, 1, kind=c_size_t)
        if (size(covariance, 2, kind=c_size_t) /= dim) then
            call quell_refuse_shape('the shape of covariance', &
                shape(covariance, kind=c_size_t), [dim, dim], stat, errmsg)
            return
        end if
        at = c_null_ptr
        if (present(mean)) then
            if (.not. located(mean, dim, at, stat, errmsg)) return
        end if
        call quell_finish(c_denoiser_from_covariance(denoiser%handle, dim, at, covariance), stat, &
            errmsg)
    end subroutine

    ! The same from eigenvalues and eigenvectors: vectors(:, i) is that of values(i).
    recursive subroutine quell_denoiser_from_eigenbasis(denoiser, values, vectors, mean, stat, &
        errmsg)
        type(quell_denoiser), intent(out) :: denoiser
        real(c_double), intent(in), contiguous :: values(:), vectors(:, :)
        real(c_double), intent(in), contiguous, optional, target :: mean(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: at
        integer(c_size_t) :: dim
        dim = size(values, kind=c_size_t)
        if (any(shape(vectors, kind=c_size_t) /= dim)) then
            call quell_refuse_shape('the shape of vectors', &
                shape(vectors, kind=c_size_t), [dim, dim], stat, errmsg)
            return
        end if
        at = c_null_ptr
        if (present(mean)) then
            if (.not. located(mean, dim, at, stat, errmsg)) return
        end if
        call quell_finish(c_denoiser_from_eigenbasis(denoiser%handle, dim, at, values, vectors), &
            stat, errmsg)
    end subroutine

    ! Copies the eigenbasis of a denoiser made by _from_covariance or _from_eigenbasis, in the form
    ! that the latter takes.
    recursive subroutine quell_denoiser_eigenbasis(denoiser, values, vectors, stat, errmsg)
        type(quell_denoiser), intent(in) :: denoiser
        real(c_double), intent(out), allocatable :: values(:), vectors(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: dim
        dim = c_denoiser_dim(denoiser%handle)
        allocate(values(dim), vectors(dim, dim))
        call quell_finish(c_denoiser_eigenbasis(denoiser%handle, values, vectors), stat, errmsg)
    end subroutine

    ! X ~ sum_k weights(k) N(means(:, k), variances(k) I).
    recursive subroutine quell_denoiser_from_mixture(denoiser, weights, means, variances, stat, &
        errmsg)
        type(quell_denoiser), intent(out) :: denoiser
        real(c_double), intent(in), contiguous :: weights(:), means(:, :), variances(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: components, dim
        components = size(weights, kind=c_size_t)
        dim = size(means, 1, kind=c_size_t)
        if (size(means, 2) /= components) then
            call quell_refuse_shape('mixture: the shape of means', shape(means, kind=c_size_t), &
                [dim, components], stat, errmsg)
        else if (size(variances) /= components) then
            call quell_refuse_shape('mixture: the shape of variances', &
                shape(variances, kind=c_size_t), [components], stat, errmsg)
        else
            call quell_finish(c_denoiser_from_mixture(denoiser%handle, components, dim, weights, &
                means, variances), stat, errmsg)
        end if
    end subroutine

    ! The same with diagonal covariances, variances(dim, components).
    recursive subroutine quell_denoiser_from_diagonal_mixture(denoiser, weights, means, variances, &
        stat, errmsg)
        type(quell_denoiser), intent(out) :: denoiser
        real(c_double), intent(in), contiguous :: weights(:), means(:, :), variances(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: components, dim
        components = size(weights, kind=c_size_t)
        dim = size(means, 1, kind=c_size_t)
        if (size(means, 2) /= components) then
            call quell_refuse_shape('mixture: the shape of means', shape(means, kind=c_size_t), &
                [dim, components], stat, errmsg)
        else if (any(shape(variances) /= shape(means))) then
            call quell_refuse_shape('mixture: the shape of variances', &
                shape(variances, kind=c_size_t), [dim, components], stat, errmsg)
        else
            call quell_finish(c_denoiser_from_diagonal_mixture(denoiser%handle, components, dim, &
                weights, means, variances), stat, errmsg)
        end if
    end subroutine

    ! X uniform over the columns of points(dim, count).
    recursive subroutine quell_denoiser_from_points(denoiser, points, stat, errmsg)
        type(quell_denoiser), intent(out) :: denoiser
        real(c_float), intent(in), contiguous :: points(:, :)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        call quell_finish(c_denoiser_from_points(denoiser%handle, size(points, 2, kind=c_size_t), &
            size(points, 1, kind=c_size_t), points), stat, errmsg)
    end subroutine

    ! Creates a denoiser that is guided by another one or, without `guide`, by itself for no class.
    ! weight: w, where 1 is no guidance, and 2 the default; or the weights at these times, linear in
    ! between. The denoiser is guided at times from low (0) to high (1). rescale: how far the
    ! deviation is kept that there is without guidance (0).
    recursive subroutine quell_denoiser_from_guidance(guided, denoiser, guide, weight, low, high, &
        times, weights, rescale, stat, errmsg)
        type(quell_denoiser), intent(out) :: guided
        type(quell_denoiser), intent(in) :: denoiser
        type(quell_denoiser), intent(in), optional :: guide
        real(c_double), intent(in), optional :: weight, low, high, rescale
        real(c_double), intent(in), contiguous, optional, target :: times(:), weights(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_guidance) :: guidance
        type(c_ptr) :: by
        integer(c_size_t) :: points
        points = 0
        if (present(times)) points = size(times, kind=c_size_t)
        guidance = c_guidance(c_sizeof(guidance), 2, 0, 1, points, c_null_ptr, c_null_ptr, 0)
        if (present(weight)) guidance%weight = weight
        if (present(low)) guidance%low = low
        if (present(high)) guidance%high = high
        if (present(rescale)) guidance%rescale = rescale
        if (present(times)) guidance%times = c_loc(times)
        if (present(weights)) then
            if (size(weights) /= points) then
                call quell_refuse_shape('guided: the shape of weights', &
                    shape(weights, kind=c_size_t), [points], stat, errmsg)
                return
            end if
            guidance%weights = c_loc(weights)
        end if
        by = c_null_ptr
        if (present(guide)) by = guide%handle
        call quell_finish(c_denoiser_from_guidance(guided%handle, denoiser%handle, by, guidance), &
            stat, errmsg)
    end subroutine

    ! Return the number of elements of a sample; whether a sample has the same bits in every run;
    ! the kind, 'isotropic', 'mixture', ...; and the number of classes.
    recursive integer(c_size_t) function quell_denoiser_dim(denoiser)
        type(quell_denoiser), intent(in) :: denoiser
        quell_denoiser_dim = c_denoiser_dim(denoiser%handle)
    end function

    recursive logical function quell_denoiser_reproducible(denoiser)
        type(quell_denoiser), intent(in) :: denoiser
        quell_denoiser_reproducible = c_denoiser_reproducible(denoiser%handle) /= 0
    end function

    recursive function quell_denoiser_kind(denoiser) result(kind)
        type(quell_denoiser), intent(in) :: denoiser
        character(:), allocatable :: kind
        kind = quell_text(c_denoiser_kind(denoiser%handle))
    end function

    recursive integer(c_size_t) function quell_denoiser_classes(denoiser)
        type(quell_denoiser), intent(in) :: denoiser
        quell_denoiser_classes = c_denoiser_classes(denoiser%handle)
    end function

    ! Returns the number of conditions that it takes; and the name and the shape of number i, from 1
    ! on; '' where there is none.
    recursive integer(c_size_t) function quell_denoiser_conditions(denoiser)
        type(quell_denoiser), intent(in) :: denoiser
        quell_denoiser_conditions = c_denoiser_conditions(denoiser%handle)
    end function

    recursive subroutine quell_denoiser_condition(denoiser, i, name, shape)
        type(quell_denoiser), intent(in) :: denoiser
        integer, intent(in) :: i
        character(:), intent(out), allocatable :: name
        integer(c_size_t), intent(out), allocatable :: shape(:)
        integer(c_size_t), pointer :: sizes(:)
        integer(c_size_t) :: rank
        type(c_ptr) :: text, at
        allocate(shape(0))
        text = c_null_ptr
        if (i > 0) text = c_denoiser_condition(denoiser%handle, int(i - 1, c_size_t), rank, at)
        name = quell_text(text)
        if (.not. c_associated(text)) return
        call c_f_pointer(at, sizes, [rank])
        shape = sizes
    end subroutine

    ! Returns a digest of all that its output depends on, to the last bit of a weight. A function
    ! takes part by its options only.
    recursive integer(c_int64_t) function quell_denoiser_digest(denoiser)
        type(quell_denoiser), intent(in) :: denoiser
        quell_denoiser_digest = c_denoiser_digest(denoiser%handle)
    end function

    recursive subroutine quell_denoiser_free(denoiser)
        type(quell_denoiser), intent(inout) :: denoiser
        call c_denoiser_free(denoiser%handle)
        denoiser%handle = c_null_ptr
    end subroutine
end module
