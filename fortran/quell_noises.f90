! SPDX-License-Identifier: MIT
! The noise of all runs, by address: any normal number without drawing the others (quell/noise.h).
module quell_noises
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c_samplers, only: c_noise, c_noise_brownian, c_noise_key, c_noise_place
    implicit none
    private
    public :: quell_noise, quell_noise_brownian, quell_noise_key, quell_noise_place, &
        quell_stream, QUELL_STREAM_INIT

    ! The stream of the initial noise.
    integer(c_int32_t), parameter :: QUELL_STREAM_INIT = 0

contains

    ! Writes elements element, element + 1, ... (from 0 on) of the noise of a sample in a stream.
    ! The stream QUELL_STREAM_INIT is the noise of x_1. With quell_noise_key(seed, t, s) as the
    ! seed, stream k, from 0 to 7, is the noise of slot k on the way from t to s. Streams are 32
    ! bits: those from 2^31 on, of deep nodes of Brownian paths, are negative here.
    recursive subroutine quell_noise(seed, stream, sample, element, noise, stat, errmsg)
        integer(c_int64_t), intent(in) :: seed, sample, element
        integer(c_int32_t), intent(in) :: stream
        real(c_float), intent(inout), contiguous :: noise(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: status
        status = check(sample, element)
        if (status == QUELL_OK) status = c_noise(seed, stream, sample, element, &
            size(noise, kind=c_size_t), noise)
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! The seed of the noise on the way from t to s.
    recursive integer(c_int64_t) function quell_noise_key(seed, t, s)
        integer(c_int64_t), intent(in) :: seed
        real(c_double), intent(in) :: t, s
        quell_noise_key = c_noise_key(seed, t, s)
    end function

    ! The stream of node n, from 1 to 2^29 - 1, of the Brownian path of slot k, from 0 to 7.
    elemental integer(c_int32_t) function quell_stream(n, k)
        integer, intent(in) :: n, k
        integer(c_int64_t), parameter :: all = 2_c_int64_t**32
        integer(c_int64_t) :: stream
        stream = modulo(1 + 8 * int(n, c_int64_t) + k, all)
        quell_stream = int(merge(stream - all, stream, stream >= all / 2), c_int32_t)
    end function

    ! Returns the place of a point with this lambda (quell_lambda) on the Brownian paths, from 0 to
    ! 1.
    recursive real(c_double) function quell_noise_place(lambda)
        real(c_double), intent(in) :: lambda
        quell_noise_place = c_noise_place(lambda)
    end function

    ! Writes the same elements of the noise that a sampler in Brownian mode has over an interval, in
    ! slot k from 0 to 7: (W(t) - W(s)) / sqrt|t - s|, where t and s are the places of its ends.
    recursive subroutine quell_noise_brownian(seed, k, t, s, sample, element, noise, stat, errmsg)
        integer(c_int64_t), intent(in) :: seed, sample, element
        integer, intent(in) :: k
        real(c_double), intent(in) :: t, s
        real(c_float), intent(inout), contiguous :: noise(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_int) :: status
        character(60) :: slot
        write (slot, '(a, i0, a)') 'noise: slot ', k, ', must be from 0 to 7'
        if (k < 0 .or. k > 7) call quell_refuse(trim(slot), stat, errmsg)
        if (k < 0 .or. k > 7) return
        status = check(sample, element)
        if (status == QUELL_OK) status = c_noise_brownian(seed, int(k, c_int), t, s, sample, &
            element, size(noise, kind=c_size_t), noise)
        call quell_finish(status, stat, errmsg)
    end subroutine

    recursive integer(c_int) function check(sample, element) result(status)
        integer(c_int64_t), intent(in) :: sample, element
        status = quell_check_count('noise: sample', sample)
        if (status == QUELL_OK) status = quell_check_count('noise: element', element)
    end function
end module
