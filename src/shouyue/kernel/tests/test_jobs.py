"""Jobs commit with the change they belong to, and an operator sees what became of them."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from shouyue.kernel import clock, jobs
from shouyue.kernel.errors import NotFound
from shouyue.kernel.tasks import make_partitions, sweep_stalled

pytestmark = pytest.mark.django_db


def test_a_job_is_undone_with_its_transaction():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_partitions.enqueue()
        _ = 1 / 0
    assert jobs.listed("todo") == []
    make_partitions.enqueue()
    assert [job.task for job in jobs.listed("todo")] == ["kernel.partitions"]


def test_once_skips_a_job_that_still_waits():
    assert make_partitions.enqueue(once="p")
    assert not make_partitions.enqueue(once="p")
    assert len(jobs.listed("todo")) == 1


def test_jobs_of_a_dead_worker_are_taken_up_again():
    make_partitions.enqueue()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id",
            [clock.now() - timedelta(minutes=5)],
        )
        (worker,) = cursor.fetchone()
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [worker])
    sweep_stalled.run()
    assert [job.status for job in jobs.listed("todo", "doing")] == ["todo"]


def test_a_dead_job_can_be_retried_by_hand():
    make_partitions.enqueue()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing'")
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed'")
    (dead,) = jobs.dead()
    assert jobs.health().failed == 1
    jobs.retry_dead(dead.id)
    assert jobs.dead() == []
    assert jobs.health().waiting == 1
    with pytest.raises(NotFound):
        jobs.retry_dead(dead.id)


def test_every_schedule_says_its_purpose():
    schedules = jobs.schedules()
    assert "kernel.anchor" in {schedule.name for schedule in schedules}
    assert all(schedule.purpose for schedule in schedules)
