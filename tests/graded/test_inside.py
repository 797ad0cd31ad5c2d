"""Lab 05 from inside: the event loop and the wakers by themselves. The tests are in inside/, one googletest each."""

from __future__ import annotations

from muxlab.grading import LabUnderTest, graded
from muxlab.grading.inside import run_inside

# ---- the wakers


@graded(
    title="eventfd: wake() makes the descriptor ready, drain() makes it quiet again",
    points={"05": 3},
    pitfalls=["eventfd-size", "wake-not-drained"],
)
def test_eventfd_wakes(lab: LabUnderTest) -> None:
    run_inside(lab, "EventfdWaker.WakesAndIsDrained")


@graded(
    title="eventfd-edge: each wake() is news, though nobody reads the counter",
    points={"05": 1},
    pitfalls=["eventfd-size"],
)
def test_eventfd_edge_wakes(lab: LabUnderTest) -> None:
    run_inside(lab, "EventfdWaker.EdgeTriggeredEachWakeUpIsNews")


@graded(
    title="pipe, socketpair, tcp: wake() makes the descriptor ready, drain() makes it quiet again",
    points={"05": 3},
    pitfalls=["wake-not-drained", "post-without-wake"],
)
def test_channel_wakes(lab: LabUnderTest) -> None:
    run_inside(lab, "ChannelWaker.WakesAndIsDrained")


@graded(title="eventfd: one drain() takes all wake-ups", points={"05": 1}, pitfalls=["wake-not-drained"])
def test_eventfd_drains_all(lab: LabUnderTest) -> None:
    run_inside(lab, "EventfdWaker.OneDrainTakesAllWakeUps")


@graded(
    title="pipe, socketpair, tcp: one drain() takes all wake-ups",
    points={"05": 2},
    pitfalls=["one-byte-drain", "wake-not-drained"],
)
def test_channel_drains_all(lab: LabUnderTest) -> None:
    run_inside(lab, "ChannelWaker.OneDrainTakesAllWakeUps")


@graded(
    title="eventfd: wake() neither blocks nor fails when the counter is full",
    points={"05": 1},
    pitfalls=["blocking-wake-fd", "wake-eagain-fatal"],
)
def test_eventfd_full(lab: LabUnderTest) -> None:
    run_inside(lab, "EventfdWaker.AFullOneIsAwakeAlready")


@graded(
    title="pipe, socketpair: wake() neither blocks nor fails when the channel is full",
    points={"05": 3},
    pitfalls=["blocking-wake-fd", "wake-eagain-fatal"],
)
def test_channel_full(lab: LabUnderTest) -> None:
    run_inside(lab, "ChannelWaker.AFullOneIsAwakeAlready")


# ---- post()


@graded(title="a post wakes a loop that sleeps", points={"05": 6}, pitfalls=["post-without-wake"])
def test_post_wakes_the_loop(lab: LabUnderTest) -> None:
    run_inside(lab, "Posting.WakesALoopThatSleeps")


@graded(title="a task that a task posts runs, too", points={"05": 3}, pitfalls=["post-without-wake"])
def test_post_from_a_task(lab: LabUnderTest) -> None:
    run_inside(lab, "Posting.FromATask")


@graded(title="a task that a handler posts runs, too", points={"05": 1}, pitfalls=["post-without-wake"])
def test_post_from_a_handler(lab: LabUnderTest) -> None:
    run_inside(lab, "Posting.FromAHandler")


@graded(title="10,000 posts to a loop that sleeps are one wake-up", points={"05": 4}, pitfalls=["no-coalescing"])
def test_one_wake_up_while_asleep(lab: LabUnderTest) -> None:
    run_inside(lab, "Posting.ManyToASleepingLoopAreOneWakeUp")


@graded(title="10,000 posts to a loop that is busy are one wake-up", points={"05": 2}, pitfalls=["no-coalescing"])
def test_one_wake_up_while_busy(lab: LabUnderTest) -> None:
    run_inside(lab, "Posting.ManyToABusyLoopAreOneWakeUp")


@graded(
    title="a task can post a task, which runs later and not at once", points={"05": 4}, pitfalls=["callback-under-lock"]
)
def test_post_does_not_deadlock(lab: LabUnderTest) -> None:
    run_inside(lab, "Posting.FromATaskDoesNotDeadlock")


@graded(
    title="a loop posts to itself while its waker is full",
    points={"05": 2},
    pitfalls=["blocking-wake-fd", "wake-eagain-fatal"],
)
def test_post_with_a_full_channel(lab: LabUnderTest) -> None:
    run_inside(lab, "Posting.WithAFullChannel")


# ---- two threads meet


@graded(
    title="a task posted at any moment of the loop's turn runs before the loop sleeps",
    points={"05": 6},
    pitfalls=["lost-wakeup"],
)
def test_post_at_each_moment(lab: LabUnderTest) -> None:
    run_inside(lab, "Racing.APostAtEachMomentOfATurn")


@graded(
    title="a task is not lost when its poster is held up in the middle of post()",
    points={"05": 3},
    pitfalls=["lost-wakeup"],
)
def test_poster_held_up(lab: LabUnderTest) -> None:
    run_inside(lab, "Racing.APosterThatIsHeldUp")


@graded(
    title="a posted task may end the loop: post() does not touch it afterwards",
    points={"05": 3},
    pitfalls=["wake-after-unlock"],
)
def test_task_ends_the_loop(lab: LabUnderTest) -> None:
    run_inside(lab, "Racing.ATaskThatEndsTheLoop")


@graded(
    title="four threads post at once: every task runs, those of each thread in order",
    points={"05": 2},
    pitfalls=["not-fifo"],
)
def test_four_threads_post(lab: LabUnderTest) -> None:
    run_inside(lab, "Racing.FourThreadsPostAtOnce")


# ---- run()


@graded(title="a loop with nothing to do sleeps without a time-out", points={"05": 3}, pitfalls=["polling-instead"])
def test_sleeps_without_time_out(lab: LabUnderTest) -> None:
    run_inside(lab, "Running.SleepsWithoutATimeOut")


@graded(title="tasks run in the order in which they were posted", points={"05": 3}, pitfalls=["not-fifo"])
def test_order_of_tasks(lab: LabUnderTest) -> None:
    run_inside(lab, "Running.TasksInTheOrderPosted")


@graded(
    title="a task that posts itself does not keep the loop from its descriptors",
    points={"05": 3},
    pitfalls=["drain-until-empty"],
)
def test_tasks_do_not_starve_descriptors(lab: LabUnderTest) -> None:
    run_inside(lab, "Running.DescriptorsHaveTheirTurnWhileATaskPostsItself")


@graded(title="a descriptor that is always ready does not keep the loop from its tasks", points={"05": 1})
def test_descriptors_do_not_starve_tasks(lab: LabUnderTest) -> None:
    run_inside(lab, "Running.TasksHaveTheirTurnWhileADescriptorIsAlwaysReady")


@graded(title="a task that throws costs the other tasks nothing", points={"05": 3}, pitfalls=["exception-wedges"])
def test_task_throws(lab: LabUnderTest) -> None:
    run_inside(lab, "Running.ATaskThatThrows")


@graded(title="a handler that throws costs the others nothing", points={"05": 1}, pitfalls=["exception-wedges"])
def test_handler_throws(lab: LabUnderTest) -> None:
    run_inside(lab, "Running.AHandlerThatThrows")


@graded(title="a signal does not end the loop", points={"05": 2}, pitfalls=["eintr-fatal", "wait-error-as-count"])
def test_loop_survives_a_signal(lab: LabUnderTest) -> None:
    run_inside(lab, "Running.ASignalDoesNotEndIt")


# ---- stop()


@graded(title="stop() wakes a loop that sleeps", points={"05": 3}, pitfalls=["stop-without-wake"])
def test_stop_wakes_the_loop(lab: LabUnderTest) -> None:
    run_inside(lab, "Stopping.ALoopThatSleeps")


@graded(title="a stop() that comes before run() is not lost", points={"05": 2}, pitfalls=["stop-without-wake"])
def test_stop_before_run(lab: LabUnderTest) -> None:
    run_inside(lab, "Stopping.BeforeRun")


@graded(title="stop() at any moment of the loop's turn ends run()", points={"05": 2}, pitfalls=["stop-without-wake"])
def test_stop_at_each_moment(lab: LabUnderTest) -> None:
    run_inside(lab, "Stopping.AtEachMomentOfATurn")


@graded(
    title="run() returns only when all tasks posted before stop() have run",
    points={"05": 2},
    pitfalls=["tasks-lost-at-exit"],
)
def test_stop_runs_what_was_posted(lab: LabUnderTest) -> None:
    run_inside(lab, "Stopping.RunsWhatWasPostedBefore")


@graded(
    title="tasks posted before stop() run, even if both come before run()",
    points={"05": 1},
    pitfalls=["tasks-lost-at-exit"],
)
def test_early_stop_runs_what_was_posted(lab: LabUnderTest) -> None:
    run_inside(lab, "Stopping.RunsWhatWasPostedBeforeAnEarlyStop")


@graded(title="tasks that never ran are destroyed with the loop", points={"05": 1}, pitfalls=["tasks-lost-at-exit"])
def test_tasks_are_destroyed(lab: LabUnderTest) -> None:
    run_inside(lab, "Stopping.DestroysTasksThatNeverRan")


# ---- watch() and forget()


@graded(title="a handler is told the events of its descriptor", points={"05": 1})
def test_handler_hears_its_events(lab: LabUnderTest) -> None:
    run_inside(lab, "Descriptors.AHandlerIsToldItsEvents")


@graded(
    title="a handler that another one of the same batch has removed is not called",
    points={"05": 3},
    pitfalls=["removed-in-batch"],
)
def test_forgotten_in_the_same_batch(lab: LabUnderTest) -> None:
    run_inside(lab, "Descriptors.ForgottenByAnotherHandlerOfTheSameBatch")


@graded(
    title="an old event does not reach the new owner of a descriptor's number",
    points={"05": 3},
    pitfalls=["stale-event-reused-fd"],
)
def test_number_used_again(lab: LabUnderTest) -> None:
    run_inside(lab, "Descriptors.ANumberThatIsUsedAgainInTheSameBatch")


@graded(title="a handler may remove itself, and still runs to its end", points={"05": 2}, pitfalls=["freed-in-batch"])
def test_handler_forgets_itself(lab: LabUnderTest) -> None:
    run_inside(lab, "Descriptors.AHandlerMayForgetItself")


@graded(
    title="what the rest of the batch points to is not freed before the batch is done",
    points={"05": 3},
    pitfalls=["freed-in-batch"],
)
def test_nothing_freed_in_the_batch(lab: LabUnderTest) -> None:
    run_inside(lab, "Descriptors.NothingOfTheBatchIsFreedTooEarly")


@graded(
    title="a removed descriptor is not heard of again, though a copy keeps its file open",
    points={"05": 1},
    pitfalls=["dup-keeps-registration"],
)
def test_forgotten_and_still_open(lab: LabUnderTest) -> None:
    run_inside(lab, "Descriptors.ForgottenWhileAnotherDescriptorKeepsTheFileOpen")


@graded(
    title="600 descriptors that are ready at once are all served", points={"05": 1}, pitfalls=["small-batch-assumed"]
)
def test_more_than_one_batch(lab: LabUnderTest) -> None:
    run_inside(lab, "Descriptors.MoreThanOneWaitCallTells")


@graded(
    title="a descriptor that cannot be watched is an error, and harms no other",
    points={"05": 1},
    pitfalls=["add-failure-fatal"],
)
def test_cannot_be_watched(lab: LabUnderTest) -> None:
    run_inside(lab, "Descriptors.WhatCannotBeWatched")
