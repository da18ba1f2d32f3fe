/** DAG files of the test: tasks that stay in each state that a fence has to end, and more DAGs than one page holds. */
export const DAG_FILES = {
  'states.py': `
import time
from datetime import datetime, timedelta
from airflow.decorators import dag, task
from airflow.models import BaseOperator
from airflow.triggers.temporal import TimeDeltaTrigger


class Defer(BaseOperator):
    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(timedelta(hours=1)), method_name="resume")

    def resume(self, context, event=None):
        pass


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def states():
    @task(task_id="running")
    def running():
        time.sleep(3600)

    @task(task_id="mapped")
    def mapped(number):
        time.sleep(3600)

    @task(task_id="queued", queue="nobody")
    def queued():
        pass

    @task(task_id="scheduled", pool="closed")
    def scheduled():
        pass

    running()
    mapped.expand(number=[1, 2])
    queued()
    scheduled()
    Defer(task_id="deferred")


states()
`,
  'many.py': `
from datetime import datetime
from airflow import DAG

for number in range(120):
    name = f"many_{number:03}"
    globals()[name] = DAG(name, schedule=None, start_date=datetime(2026, 1, 1))
`,
  'lifeboat.py': `
from datetime import datetime
from airflow import DAG

canary = DAG("lifeboat_canary", schedule=None, start_date=datetime(2026, 1, 1), is_paused_upon_creation=False)
`,
  'broken.py': 'from airflow import no_such_dag\n',
} as const;
