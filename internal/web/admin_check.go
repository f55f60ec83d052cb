package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"

	"refill/internal/check"
	"refill/internal/db"
	"refill/internal/fault"
	"refill/internal/money"
	"refill/internal/staff"
)

// checkPage is whether the books hold: rule by rule, and how it was before.
type checkPage struct {
	page
	Verdict  verdict
	Live     bool // a run is under way
	Progress progress
	Rules    []ruleView
	Runs     []runView
	Every    string // how often
	CanRun   bool
	Chain    chainView
	Warnings []string // what weakens the rules without breaking one
	Walk     walkView
}

// walkView is how far the walk through the codes of all cards is.
type walkView struct {
	Cards    int64
	Seen     int64 // in this round
	Under    bool  // a round is under way
	At       time.Time
	Last     time.Time // when all had been looked at last; zero: never
	LastSeen int64
	Faults   badge
}

// verdict is the last result in a sentence.
type verdict struct {
	Text string
	Tone tone
	Icon string
}

// ruleView is one invariant as it stood in the last run.
type ruleView struct {
	Number      int
	Text        string
	State       badge
	Broken      bool
	Found       int64
	Examples    []string
	More        int64
	Means, Todo string
}

// runView is one line of the history.
type runView struct {
	At     time.Time
	Took   string
	By     string
	Result badge
	Why    string // it did not come to its end
}

// runsShown is how many runs the history lists.
const runsShown = 30

// adminCheckList handles GET /admin/checks.
func (s *Server) adminCheckList(c *gin.Context) error {
	ctx, q := c.Request.Context(), db.New()
	p := &checkPage{page: s.page(c, "Checks", sectionChecks)}
	settings, err := s.Settings.Get(ctx)
	if err != nil {
		return err
	}
	p.Every = count(int64(settings.CheckHours), "hour", "hours")
	if settings.CheckHours == 1 {
		p.Every = "hour"
	}
	runs, err := q.CheckRunList(ctx, s.Pool, runsShown)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.EndedAt == nil {
			p.Live = true
			p.Progress = progress{Label: "Checking the books", Done: int64(r.Done), Total: int64(r.Total)}
			continue
		}
		p.Runs = append(p.Runs, viewRun(r))
	}
	p.CanRun = p.Person.Can(staff.JobsManage) && !p.Live
	last, err := q.CheckRunLast(ctx, s.Pool)
	if errors.Is(err, pgx.ErrNoRows) {
		p.Verdict = verdict{"The books have not been checked yet.", toneIdle, "clock"}
	} else if err != nil {
		return err
	}
	if last.ID != 0 {
		p.Verdict = s.judge(last, settings.CheckHours)
	}
	if p.Chain, err = s.chain(c, p.Person); err != nil {
		return err
	}
	if p.Warnings, err = check.Warnings(ctx, s.Pool); err != nil {
		return err
	}
	walk, err := q.CodeWalkGet(ctx, s.Pool)
	if err != nil {
		return err
	}
	p.Walk = viewWalk(walk)
	results, err := q.CheckResultList(ctx, s.Pool, last.ID)
	if err != nil {
		return err
	}
	p.rules(results)
	return s.part(c, http.StatusOK, "admin/check_list", "checks-live", p)
}

func viewWalk(w db.CodeWalkGetRow) walkView {
	v := walkView{Cards: w.Cards, Seen: w.Seen, Under: w.AfterSeries > 0, LastSeen: w.RoundCards, Faults: badge{"None", toneGood}}
	if w.SliceAt != nil {
		v.At = *w.SliceAt
	}
	if w.RoundAt != nil {
		v.Last = *w.RoundAt
	}
	if w.Faults > 0 {
		v.Faults = badge{money.Group(fmt.Sprint(w.Faults)), toneBad}
	}
	return v
}

// overdue is how many times over its pause the last run may lie back.
const overdue = 3

// judge says the last complete run in a sentence.
func (s *Server) judge(last db.CheckRunLastRow, hours int) verdict {
	switch {
	case last.Broken == 1:
		return verdict{"The books do not hold: one rule is broken. Read below what it means and what to do.", toneBad, "alert-triangle"}
	case last.Broken > 1:
		return verdict{fmt.Sprintf("The books do not hold: %d rules are broken. Read below what each means and what to do.", last.Broken), toneBad, "alert-triangle"}
	case s.Now().Sub(last.EndedAt) > time.Duration(overdue*hours)*time.Hour:
		return verdict{"The books held when they were last checked, but that is long ago. See on the jobs page whether a worker runs.", toneWarn, "alert-circle"}
	}
	return verdict{"The books hold: every rule was kept when they were last checked.", toneGood, "circle-check"}
}

// viewRun says a run in words.
func viewRun(r db.CheckRunListRow) runView {
	v := runView{At: r.StartedAt, By: "The clock", Took: took(r.EndedAt.Sub(r.StartedAt)), Why: r.Failure}
	if r.StaffName != nil {
		v.By = *r.StaffName
	}
	switch {
	case r.Failure != "":
		v.Result = badge{"Not finished", toneWarn}
	case r.Broken > 0:
		v.Result = badge{count(r.Broken, "rule broken", "rules broken"), toneBad}
	default:
		v.Result = badge{"Holds", toneGood}
	}
	return v
}

// took says how long something lasted.
func took(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return span(d)
}

// rules fills in every invariant, the broken ones first.
func (p *checkPage) rules(results []db.CheckResultListRow) {
	found := map[int]db.CheckResultListRow{}
	for _, r := range results {
		found[int(r.Number)] = r
	}
	var hold []ruleView
	for _, rule := range check.Rules() {
		v := ruleView{Number: rule.Number, Text: rule.Text, Means: rule.Means, Todo: rule.Todo}
		r, looked := found[rule.Number]
		switch {
		case !looked:
			v.State = badge{"Not checked yet", toneIdle}
		case r.Found == 0:
			v.State = badge{"Holds", toneGood}
		default:
			v.State = badge{"Broken: " + money.Group(fmt.Sprint(r.Found)), toneBad}
			v.Broken, v.Found, v.Examples, v.More = true, r.Found, r.Examples, r.Found-int64(len(r.Examples))
			p.Rules = append(p.Rules, v)
			continue
		}
		hold = append(hold, v)
	}
	p.Rules = append(p.Rules, hold...)
}

// adminCheckRun handles POST /admin/checks: now, not when the time comes.
func (s *Server) adminCheckRun(c *gin.Context) error {
	err := s.Checks.Ask(c.Request.Context(), s.actor(c))
	if fault.KindOf(err) == fault.Conflict && err != nil {
		s.setFlash(c, fault.All(err)[0].Message)
		return s.redirect(c, sectionChecks)
	}
	if err != nil {
		return err
	}
	return s.redirect(c, sectionChecks)
}

// homeChecks raises the alarm where the books do not hold.
func (s *Server) homeChecks(ctx context.Context, p *homePage) error {
	changed, err := db.New().CodeFaultCount(ctx, s.Pool)
	if err != nil {
		return err
	}
	if changed > 0 {
		p.Alarms = append(p.Alarms, alarm{
			Text: fmt.Sprintf("Cards were changed in the database: the codes of %s are not those that they are found by. Such a card is refused.", count(changed, "card", "cards")),
			URL:  sectionChecks, Link: "See what it means and what to do",
		})
	}
	last, err := db.New().CheckRunLast(ctx, s.Pool)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if last.Broken > 0 {
		p.Alarms = append(p.Alarms, alarm{
			Text: fmt.Sprintf("The books do not hold: %s. Money or cards may be wrong.", count(last.Broken, "rule is broken", "rules are broken")),
			URL:  sectionChecks, Link: "See what it means and what to do",
		})
	}
	return nil
}
