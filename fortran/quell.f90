! SPDX-License-Identifier: MIT
! quell in Fortran 2018: the C interface by the same names, over arrays x(dim, count).
!
!     use quell
!     type(quell_denoiser) :: denoiser
!     ...
!     call quell_denoiser_from_mixture(denoiser, weights, means, variances)
!     call quell_schedule_create(schedule, 'vp')
!     call quell_sampler_create(sampler, 'ddim:eta=0.5', denoiser, schedule)
!     call quell_sample(sampler, run, x)
!
! It is built with the host's own compiler, from the files that `pkg-config
! --variable=fortran_sources quell` names in their order, or with CMake by quell::fortran. Sizes and
! sample numbers are of kind c_size_t and c_int64_t, 64 bits both; seeds are their 64 bits.
! Procedures that can fail take stat and errmsg, and without stat end the program (quell_base).
! Over MPI there are quell_mpi_f08 and quell_mpi, modules of their own.
!
! quell calls the procedures that it is given from many threads at once: declare them recursive, so
! that their variables are each call's own. C's user pointers are not here: data of a denoiser's own
! are an object's (quell_denoise_object), those of a run its context's, others a module's.
module quell
    use quell_base
    use quell_c, only: quell_call, quell_point, quell_term, quell_noise_term, &
        quell_max_rank
    use quell_callbacks
    use quell_denoisers
    use quell_models
    use quell_names
    use quell_noises
    use quell_plans
    use quell_run_options, only: quell_draw, quell_run, quell_body, quell_body_run, &
        quell_progress_fn, quell_observe_fn, quell_parallel_fn
    use quell_runs
    use quell_samplers
    use quell_schedules
    use quell_transitions
    implicit none
    public
end module
