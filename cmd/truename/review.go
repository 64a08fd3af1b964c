package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"truename"
	"truename/access"
	"truename/review"
)

type reviewCommand struct {
	List    reviewListCommand    `cmd:"" help:"List referred registrations, the longest waiting first."`
	Show    reviewShowCommand    `cmd:"" help:"Show a case, and the codes a verdict may give."`
	Claim   reviewClaimCommand   `cmd:"" help:"Reserve a case for half an hour."`
	Release reviewReleaseCommand `cmd:"" help:"Give a claimed case back."`
	Approve reviewApproveCommand `cmd:"" help:"Judge a claimed case: the person is who they say."`
	Refuse  reviewRefuseCommand  `cmd:"" help:"Judge a claimed case: they are not, or it cannot be said."`
}

type reviewListCommand struct {
	readFlags
	pageFlags
	All       bool   `help:"Those that are resolved, too."`
	Outlet    string `help:"Opened at this outlet only." placeholder:"ID"`
	Channel   string `help:"Opened in this channel only." placeholder:"CHANNEL"`
	ClaimedBy string `help:"Claimed by this member of staff only." placeholder:"STAFF-ID"`
}

func (c reviewListCommand) Run(ctx context.Context, out output) error {
	if err := c.pageFlags.check(); err != nil {
		return err
	}
	if err := oneOf("channel", c.Channel, truename.Channels...); err != nil {
		return err
	}
	query := truename.ReviewQuery{Open: !c.All, Outlet: c.Outlet, Channel: truename.Channel(c.Channel), ClaimedBy: c.ClaimedBy, After: c.After, Limit: c.Limit}
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		found, next, err := o.store.Reviews(ctx, query)
		return listed[truename.Review]{Items: append([]truename.Review{}, found...), Next: next}, func(w io.Writer) error {
			var rows [][]string
			for _, r := range found {
				rows = append(rows, []string{r.Registration, timeText(r.OpenedAt), fmt.Sprint(r.Eyes), r.ClaimedBy, timeOrNone(r.ClaimedUntil), timeOrNone(r.ResolvedAt)})
			}
			return printPage(w, []string{"REGISTRATION", "OPENED", "EYES", "CLAIMED BY", "UNTIL", "RESOLVED"}, rows, next)
		}, err
	})
}

// reviewText says where a review stands.
func reviewText(r truename.Review) string {
	text := fmt.Sprintf("opened %s, %d to agree", timeText(r.OpenedAt), r.Eyes)
	switch {
	case r.ResolvedAt != nil:
		text += ", resolved " + timeText(*r.ResolvedAt)
	case r.ClaimedBy != "":
		text += ", claimed by " + r.ClaimedBy + " until " + timeOrNone(r.ClaimedUntil)
	default:
		text += ", waiting"
	}
	return text
}

type reviewShowCommand struct{ registrationShowCommand }

func (c reviewShowCommand) Run(ctx context.Context, out output) error {
	return c.look(ctx, out, func(o *operator) (any, func(io.Writer) error, error) {
		v, err := o.view(ctx, c.ID, c.Lang)
		if err == nil && v.Review == nil {
			err = usage("This registration was not referred.", "See the queue with: truename review list", nil)
		}
		return v, func(w io.Writer) error {
			if err := v.print(w); err != nil {
				return err
			}
			_, err := fmt.Fprintf(w, "\nCodes to approve: %s\nCodes to refuse:  %s\n", list(review.ApproveCodes), list(review.RefuseCodes))
			return err
		}, err
	})
}

// reviewerFlags say which case, and who works on it.
type reviewerFlags struct {
	changeFlags
	ID string `arg:"" help:"Id of the registration."`
	As string `help:"The member of staff who sits at this shell: a reviewer, enabled." required:"" placeholder:"STAFF-ID"`
}

// judge lets the reviewer work on the case, if it is theirs to see.
func (f reviewerFlags) judge(ctx context.Context, out output, work func(o *operator, by truename.Actor) (change, error)) error {
	return f.change(ctx, out, func(o *operator) (change, error) {
		var done change
		s, err := o.store.Snapshot(ctx, f.ID)
		if err != nil {
			return done, err
		}
		err = o.as(ctx, f.As, access.ReviewResolve, func(by truename.Actor) error {
			if err := access.Within(by, &s.Registration); err != nil {
				return err
			}
			done, err = work(o, by)
			return err
		})
		return done, err
	})
}

type reviewClaimCommand struct{ reviewerFlags }

func (c reviewClaimCommand) Run(ctx context.Context, out output) error {
	return c.judge(ctx, out, func(o *operator, by truename.Actor) (change, error) {
		r, err := o.desk.Claim(ctx, by, c.ID, 0)
		return change{what: fmt.Sprintf("claim registration %s for %s until %s", c.ID, by.ID, timeOrNone(r.ClaimedUntil)), result: r}, err
	})
}

type reviewReleaseCommand struct{ reviewerFlags }

func (c reviewReleaseCommand) Run(ctx context.Context, out output) error {
	return c.judge(ctx, out, func(o *operator, by truename.Actor) (change, error) {
		r, err := o.desk.Release(ctx, by, c.ID, 0)
		return change{what: fmt.Sprintf("release registration %s", c.ID), result: r}, err
	})
}

type reviewApproveCommand struct {
	reviewerFlags
	Code string `arg:"" help:"Why: see review show."`
}

func (c reviewApproveCommand) Run(ctx context.Context, out output) error {
	return c.resolve(ctx, out, truename.Approve, truename.Code(c.Code), review.ApproveCodes)
}

type reviewRefuseCommand struct {
	reviewerFlags
	Code string `arg:"" help:"Why: see review show."`
}

func (c reviewRefuseCommand) Run(ctx context.Context, out output) error {
	return c.resolve(ctx, out, truename.Refuse, truename.Code(c.Code), review.RefuseCodes)
}

// resolve gives a verdict, and says what the policy makes of it.
func (f reviewerFlags) resolve(ctx context.Context, out output, verdict truename.Verdict, code truename.Code, codes []truename.Code) error {
	if !slices.Contains(codes, code) {
		return usage(fmt.Sprintf("There is no code %q to %s with.", code, verdict), "Use one of: "+list(codes)+".", nil)
	}
	return f.judge(ctx, out, func(o *operator, by truename.Actor) (change, error) {
		d, err := o.desk.Resolve(ctx, by, f.ID, review.Verdict{Verdict: verdict, Code: code})
		if err != nil {
			return change{}, err
		}
		if o.rehearsal != nil {
			d = *o.rehearsal.decided
		}
		outcome := map[truename.Verdict]string{truename.Approve: "it is approved", truename.Refuse: "it is refused", truename.Refer: "a second reviewer has to agree"}
		return change{
			what:   fmt.Sprintf("judge registration %s: %s (%s) by %s; by the policy %s", f.ID, verdict, code, by.ID, outcome[d.Ruling.Verdict]),
			result: map[string]any{"decision": d.ID, "ruling": d.Ruling},
		}, nil
	})
}
