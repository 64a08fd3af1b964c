package record

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"truename"
)

// A job is never given up: the last attempt of this many comes after a year.
const maxAttempts = 32000

// task is a [truename.Job] as River keeps it. Each kind has its own queue, so that slow receivers of events keep
// nobody else waiting.
type task struct {
	Job string `json:"job"`
	ID  string `json:"id"`
}

// Kind names the only kind of job that River sees.
func (task) Kind() string { return "truename" }

// putJobs inserts jobs in the transaction of what they follow from.
func (s *Store) putJobs(ctx context.Context, tx *sql.Tx, jobs []truename.Job) error {
	return s.insertJobs(ctx, tx, jobs, time.Now())
}

// insertJobs inserts jobs. Those with a time up to due can be done at once; of the others the time is kept.
func (s *Store) insertJobs(ctx context.Context, tx *sql.Tx, jobs []truename.Job, due time.Time) error {
	if len(jobs) == 0 {
		return nil
	}
	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		opts := &river.InsertOpts{Queue: string(j.Kind)}
		// The others wait for the one process that looks for jobs whose time has come.
		if j.At.After(due) {
			opts.ScheduledAt = wholeMillis(j.At)
		}
		params[i] = river.InsertManyParams{Args: task{string(j.Kind), j.ID}, InsertOpts: opts}
	}
	_, err := s.jobs.InsertManyTx(ctx, tx, params)
	return err
}

// wholeMillis rounds up to what River keeps with every database, so that no job comes too early.
func wholeMillis(t time.Time) time.Time {
	if whole := t.Truncate(time.Millisecond); !whole.Equal(t) {
		return whole.Add(time.Millisecond)
	}
	return t
}

// JobOptions are settings of [Store.RunJobs].
type JobOptions struct {
	Logger  *slog.Logger  // nil: silence
	Workers int           // jobs of one kind at once; 0: 4
	Poll    time.Duration // between looks for new jobs; 0: 200 ms
	Timeout time.Duration // of one attempt; 0: a minute
}

// Snooze makes a job's work function return: not now, again after d. It does not count as a failure.
func Snooze(d time.Duration) error { return river.JobSnooze(d) }

// Cancel makes a job's work function return: never again, because of err.
func Cancel(err error) error { return river.JobCancel(err) }

// RunJobs works jobs of the kinds in work, each at least once: a job is done when its function has returned nil. An error
// or a panic means again later; the waiting time doubles from a second up to a quarter of an hour. What a process had begun
// when it died is begun again: with an embedded database, where only one process may run jobs, at once, else some time
// after its attempt's timeout. Stop lets running jobs end.
func (s *Store) RunJobs(ctx context.Context, work map[truename.JobKind]func(ctx context.Context, id string) error, o JobOptions) (stop func(context.Context) error, err error) {
	if s.engine.Alone {
		// What is marked as running was running when the process before this one died, and so was whoever leads.
		err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "DELETE FROM river_leader"); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running'")
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	config := &river.Config{
		Logger: o.Logger, PollOnly: true, FetchPollInterval: o.Poll, FetchCooldown: 10 * time.Millisecond,
		JobTimeout: o.Timeout, RescueStuckJobsAfter: o.Timeout * 3 / 2, RetryPolicy: retry{}, MaxAttempts: maxAttempts,
		CompletedJobRetentionPeriod: time.Hour, CancelledJobRetentionPeriod: 24 * time.Hour,
		Queues: map[string]river.QueueConfig{}, Workers: river.NewWorkers(),
	}
	if o.Logger == nil {
		config.Logger = silent
	}
	if o.Poll <= 0 {
		config.FetchPollInterval = 200 * time.Millisecond
	}
	config.FetchCooldown = min(config.FetchCooldown, config.FetchPollInterval)
	if o.Workers <= 0 {
		o.Workers = 4
	}
	for kind := range work {
		config.Queues[string(kind)] = river.QueueConfig{MaxWorkers: o.Workers}
	}
	if err := river.AddWorkerSafely(config.Workers, &worker{work: work}); err != nil {
		return nil, s.fail(err)
	}
	client, err := river.NewClient(s.engine.Jobs, config)
	if err != nil {
		return nil, s.fail(err)
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, s.fail(err)
	}
	return client.Stop, nil
}

type worker struct {
	river.WorkerDefaults[task]
	work map[truename.JobKind]func(ctx context.Context, id string) error
}

// Work does one job.
func (w *worker) Work(ctx context.Context, job *river.Job[task]) error {
	do, ok := w.work[truename.JobKind(job.Args.Job)]
	if !ok {
		return fmt.Errorf("no work for jobs of kind %q", job.Args.Job)
	}
	return do(ctx, job.Args.ID)
}

// retry says when a job that failed is done again.
type retry struct{}

// NextRetry doubles the waiting time with every failure.
func (retry) NextRetry(job *rivertype.JobRow) time.Time {
	wait := 15 * time.Minute
	if n := len(job.Errors); n < 10 {
		wait = min(wait, time.Second<<n)
	}
	return time.Now().Add(wait)
}
