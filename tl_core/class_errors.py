"""What can go wrong in a class.

::

    ClassError            something about a class that its people can mend
    ├── NotYourClass      only the class's teacher, or its members, may do this
    ├── TooManyTries      too many wrong PINs; wait
    └── RunRefused        the teacher has paused the runs, or the run is beyond the limits
"""

from tl_core.errors import UserError


class ClassError(UserError):
    """Something about a class that its people can mend."""


class NotYourClass(ClassError):
    """Only the class's teacher, or its members, may do this."""


class TooManyTries(ClassError):
    """Too many wrong PINs."""


class RunRefused(ClassError):
    """The class does not take this run now."""
