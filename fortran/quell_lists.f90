! SPDX-License-Identifier: MIT
! Lists of what can be asked for by name: samplers, schedules, grids, built-in models and
! instruction sets.
!
!     type(quell_entry), allocatable :: samplers(:)
!     call quell_list(QUELL_LIST_SAMPLERS, samplers)
!     print '(a)', (samplers(i)%name // ': ' // samplers(i)%summary, i = 1, size(samplers))
module quell_lists
    use, intrinsic :: iso_c_binding
    use quell_base
    use quell_c, only: c_entry, c_entry_alias, c_entry_option, c_list, c_list_alias, &
        c_list_find, c_list_option, c_isa_available, c_isa_default
    implicit none
    private
    public :: quell_entry, quell_entry_alias, quell_entry_option, quell_list, quell_list_find, &
        quell_isa_available, quell_isa_default

    enum, bind(c)
        enumerator :: QUELL_LIST_SAMPLERS, QUELL_LIST_SCHEDULES, QUELL_LIST_GRIDS, &
            QUELL_LIST_MODELS, QUELL_LIST_ISAS
    end enum
    public :: QUELL_LIST_SAMPLERS, QUELL_LIST_SCHEDULES, QUELL_LIST_GRIDS, QUELL_LIST_MODELS, &
        QUELL_LIST_ISAS

    enum, bind(c)
        enumerator :: QUELL_OPTION_NUMBER, QUELL_OPTION_WHOLE, QUELL_OPTION_CHOICE
    end enum
    public :: QUELL_OPTION_NUMBER, QUELL_OPTION_WHOLE, QUELL_OPTION_CHOICE

    ! Another name of an entry, and the spec it stands for.
    type quell_entry_alias
        character(:), allocatable :: name, spec
    end type

    ! An option of an entry, KEY=VALUE in its spec. type: QUELL_OPTION_NUMBER, _WHOLE or _CHOICE.
    ! value, low, high: the default, the least and the greatest value; for a choice, positions in
    ! the list of its words, from 0 on. choices: the words of a choice with '|' between them, else
    ! ''.
    type quell_entry_option
        character(:), allocatable :: name, summary
        integer :: type
        real(c_double) :: value, low, high
        character(:), allocatable :: choices
    end type

    ! An entry of a list. source: where it was published, '' if it is quell's own. available:
    ! whether this machine can run an instruction set; true for all else. The last three are those
    ! of a sampler at its default options, else 0. order: its order of convergence, in law if it is
    ! stochastic; 0 if it has none. evaluations: how often a step evaluates the denoiser; 0 if that
    ! is not the same in every step. stochastic: 0 if it never draws noise on the way, 1 if it does
    ! with some options, 2 if always.
    type quell_entry
        character(:), allocatable :: name, summary, source
        type(quell_entry_alias), allocatable :: aliases(:)
        type(quell_entry_option), allocatable :: options(:)
        logical :: available
        integer :: order, evaluations, stochastic
    end type

contains

    ! All entries of a list: QUELL_LIST_SAMPLERS, _SCHEDULES, _GRIDS, _MODELS or _ISAS.
    recursive subroutine quell_list(kind, entries, stat, errmsg)
        integer, intent(in) :: kind
        type(quell_entry), allocatable, intent(out) :: entries(:)
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_entry) :: known
        integer(c_size_t) :: i, count
        integer(c_int) :: status
        count = 0
        status = QUELL_OK
        known%size = c_sizeof(known)
        do while (status == QUELL_OK)
            status = c_list(int(kind, c_int), count, known)
            if (status == QUELL_OK) count = count + 1
        end do
        if (status == QUELL_NOT_FOUND) status = QUELL_OK
        allocate (entries(count))
        do i = 1, count
            call fill(int(kind, c_int), i - 1, entries(i))
        end do
        call quell_finish(status, stat, errmsg)
    end subroutine

    recursive subroutine fill(kind, i, entry)
        integer(c_int), intent(in) :: kind
        integer(c_size_t), intent(in) :: i
        type(quell_entry), intent(out) :: entry
        type(c_entry) :: known
        integer(c_size_t) :: k
        known%size = c_sizeof(known)
        if (c_list(kind, i, known) /= QUELL_OK) return
        entry%name = quell_text(known%name)
        entry%summary = quell_text(known%summary)
        entry%source = quell_text(known%source)
        entry%available = known%available /= 0
        entry%order = known%order
        entry%evaluations = known%evaluations
        entry%stochastic = known%stochastic
        allocate (entry%aliases(known%aliases), entry%options(known%options))
        do k = 1, known%aliases
            entry%aliases(k) = alias_of(kind, i, k - 1)
        end do
        do k = 1, known%options
            entry%options(k) = option_of(kind, i, k - 1)
        end do
    end subroutine

    recursive function alias_of(kind, i, k) result(alias)
        integer(c_int), intent(in) :: kind
        integer(c_size_t), intent(in) :: i, k
        type(quell_entry_alias) :: alias
        type(c_entry_alias) :: known
        known%size = c_sizeof(known)
        if (c_list_alias(kind, i, k, known) /= QUELL_OK) return
        alias%name = quell_text(known%name)
        alias%spec = quell_text(known%spec)
    end function

    recursive function option_of(kind, i, k) result(option)
        integer(c_int), intent(in) :: kind
        integer(c_size_t), intent(in) :: i, k
        type(quell_entry_option) :: option
        type(c_entry_option) :: known
        known%size = c_sizeof(known)
        if (c_list_option(kind, i, k, known) /= QUELL_OK) return
        option%name = quell_text(known%name)
        option%summary = quell_text(known%summary)
        option%type = known%type
        option%value = known%value
        option%low = known%low
        option%high = known%high
        option%choices = quell_text(known%choices)
    end function

    ! Writes the index, from 1 on, of the entry with this name or alias. Fails with QUELL_NOT_FOUND
    ! if there is none; errmsg then has the most similar name.
    recursive subroutine quell_list_find(kind, name, i, stat, errmsg)
        integer, intent(in) :: kind
        character(*), intent(in) :: name
        integer, intent(out) :: i
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        integer(c_size_t) :: place
        integer(c_int) :: status
        i = 0
        status = quell_check_text('list', name)
        if (status == QUELL_OK) &
            status = c_list_find(int(kind, c_int), trim(name) // c_null_char, place)
        if (status == QUELL_OK) i = int(place) + 1
        call quell_finish(status, stat, errmsg)
    end subroutine

    ! Whether this machine and its operating system can run the kernels of that name.
    recursive logical function quell_isa_available(name)
        character(*), intent(in) :: name
        quell_isa_available = index(name, c_null_char) == 0
        if (quell_isa_available) &
            quell_isa_available = c_isa_available(trim(name) // c_null_char) /= 0
    end function

    ! Writes the name of the instruction set that a run uses if it names none.
    recursive subroutine quell_isa_default(name, stat, errmsg)
        character(:), allocatable, intent(out) :: name
        integer, intent(out), optional :: stat
        character(*), intent(inout), optional :: errmsg
        type(c_ptr) :: address
        integer(c_int) :: status
        address = c_null_ptr
        status = c_isa_default(address)
        name = quell_text(address)
        call quell_finish(status, stat, errmsg)
    end subroutine
end module
