from django.utils import translation

from shouyue.kernel import errors


def every_error():
    found = [errors.ShouyueError]
    for error in found:
        found.extend(error.__subclasses__())
    return {error for error in found if error.__module__ == errors.__name__}


def test_every_default_message_is_in_both_languages():
    for error in every_error():
        with translation.override("en"):
            english = error().message
        with translation.override("zh-hans"):
            assert error().message != english, error.__name__


def test_a_given_message_and_fields_are_kept():
    error = errors.Invalid("Bad date", fields={"due_on": ["must be in the future"]})
    assert (error.status, str(error), error.fields) == (
        422,
        "Bad date",
        {"due_on": ["must be in the future"]},
    )
