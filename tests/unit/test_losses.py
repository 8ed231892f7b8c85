"""When a question is sent again."""

from distcc_build.resolve.losses import CHECK, MANY, RETRY, Losses


def test_without_other_answers_nothing_was_lost() -> None:
    losses = Losses()
    sent = losses.sent(10.0, None)
    assert not losses.lost(sent, 10.0 + CHECK)
    assert not losses.lost(sent, 10.0 + RETRY)


def test_where_many_others_are_answered_it_was_lost() -> None:
    losses = Losses()
    sent = losses.sent(10.0, None)
    others = [losses.sent(10.0, None) for _ in range(MANY)]
    for other in others[1:]:
        losses.answered(other, 10.02)
    assert not losses.lost(sent, 10.06)
    losses.answered(others[0], 10.025)
    assert not losses.lost(sent, 10.04)
    assert losses.lost(sent, 10.06)


def test_answers_from_before_tell_nothing() -> None:
    losses = Losses()
    for _ in range(MANY):
        losses.answered(losses.sent(10.0, None), 10.01)
    assert not losses.lost(losses.sent(10.02, None), 10.1)


def test_what_was_sent_again_has_time() -> None:
    losses = Losses()
    first = losses.sent(10.0, None)
    for _ in range(MANY):
        losses.answered(losses.sent(10.0, None), 10.01)
    assert losses.lost(first, 10.03)
    second = losses.sent(10.03, first)
    for _ in range(MANY):
        losses.answered(losses.sent(10.03, None), 10.04)
    assert not losses.lost(second, 10.2)


def test_who_is_only_slow_is_known_for_it_by_the_first_answer() -> None:
    losses = Losses()
    slow = [losses.sent(10.0, None) for _ in range(2)]
    for _ in range(MANY):
        losses.answered(losses.sent(10.0, None), 10.001)
    assert losses.lost(slow[0], 10.03)
    again = losses.sent(10.03, slow[0])
    losses.answered(again, 10.06)
    assert not losses.lost(slow[1], 10.1)
