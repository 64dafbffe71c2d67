"""Working ahead keeps the order, overlaps, and holds few items."""

import threading

import pytest

from osis_ros.pipeline.ahead import ahead


def test_results_come_in_order_and_no_more_than_the_count_is_ahead():
    begun = []
    results = ahead(lambda n: begun.append(n) or n * n, range(10), count=2)
    for number, result in enumerate(results):
        assert result == number * number
        assert len(begun) <= number + 3
    assert number == 9


def test_the_next_item_is_worked_on_while_the_caller_is_busy():
    second = threading.Event()
    results = ahead(lambda n: second.set() if n == 1 else None, range(3), count=1)
    next(results)
    assert second.wait(30)


def test_an_error_comes_at_its_item():
    results = ahead(lambda n: 12 // n, [4, 3, 0, 2])
    assert [next(results), next(results)] == [3, 4]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_steps_can_be_nested():
    assert list(ahead(lambda n: n + 1, ahead(lambda n: n * n, range(5)))) == [1, 2, 5, 10, 17]


def test_who_leaves_early_leaves_no_thread_behind():
    results = ahead(lambda n: n, range(1000))
    next(results)
    results.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
