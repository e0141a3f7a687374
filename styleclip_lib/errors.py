"""The one kind of error that is meant for the person at the keyboard."""


class StyleclipError(Exception):
    """Something the user can put right: a wrong file, an unknown word, a domain that is not there.

    The message is one sentence that says what is wrong and what to do about it. The command line prints
    it without a traceback. A more special error (``NoFaceError``, say) is a subclass beside its topic.
    """
