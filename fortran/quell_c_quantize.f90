! SPDX-License-Identifier: MIT
! The C interface as it is: quantising (quell/quantize.h).
module quell_c_quantize
    use, intrinsic :: iso_c_binding
    implicit none
    public

    type, bind(c) :: c_quantize_options
        integer(c_size_t) :: size
        real(c_double) :: bound
        type(c_ptr) :: sampler, schedule, sampling, guidance, guide, draw, run
    end type

    type, bind(c) :: c_quantize_report
        integer(c_size_t) :: size, instructions, quantized
        real(c_double) :: share, moved, deviation, wasserstein, floor, seconds
        integer(c_int64_t) :: runs, bytes_before, bytes_after
    end type

    type, bind(c) :: c_quantize_instruction
        integer(c_size_t) :: size, number
        type(c_ptr) :: kind, weights
        integer(c_int64_t) :: multiply_adds
        integer(c_int) :: quantized, tried
        real(c_double) :: moves
        type(c_ptr) :: why
    end type

    interface
        integer(c_int) function c_quantize(made, model, out, options) &
            bind(c, name='quell_quantize')
            import; type(c_ptr) :: made; character(kind=c_char) :: model(*), out(*)
            type(c_quantize_options) :: options
        end function
        integer(c_int) function c_quantized_report(made, report) &
            bind(c, name='quell_quantized_report')
            import; type(c_ptr), value :: made; type(c_quantize_report) :: report
        end function
        integer(c_int) function c_quantized_instruction(made, i, instruction) &
            bind(c, name='quell_quantized_instruction')
            import; type(c_ptr), value :: made; integer(c_size_t), value :: i
            type(c_quantize_instruction) :: instruction
        end function
        subroutine c_quantized_free(made) bind(c, name='quell_quantized_free')
            import; type(c_ptr), value :: made
        end subroutine
    end interface
end module
