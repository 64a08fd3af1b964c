package access_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"truename"
	"truename/access"
)

// matrix is who may do what, written a second time: a change of the table has to be made here too, by somebody who means it.
// Columns: agent, reviewer, privacy officer, administrator, auditor, activation; then the system itself.
const matrix = `
registration.open      a . . . . . | s
registration.read      a r p . u c | s
registration.fill      a . . . . . | s
registration.withdraw  a . p . . . | s
registration.appeal    a . p . . . | s
verification.run       a . . . . . | s
review.read            . r . . u . | s
review.resolve         . R . . . . | .
account.read           a . p . . . | s
account.dispute        a . p . . . | s
account.close          . . . . . c | s
account.reverify       . . p . . c | s
subject.read           . . p . . . | s
subject.export         . . p . . . | s
subject.erase          . . p . . . | s
consent.read           a . p . u . | s
consent.withdraw       a . p . . . | s
activation.issue       . . . . . c | s
activation.confirm     . . . . . c | s
client.manage          . . . d . . | s
staff.manage           . . . d . . | s
outlet.manage          . . . d . . | s
webhook.manage         . . . d . . | s
event.read             . . . d u . | s
audit.read             . . p d u . | s
policy.read            a r p d u c | s
customer.act           . . . . . . | .
`

func TestWhoMayDoWhat(t *testing.T) {
	var listed []access.Operation
	for line := range strings.Lines(strings.TrimSpace(matrix)) {
		cells := strings.Fields(line)
		op := access.Operation(cells[0])
		listed = append(listed, op)
		for i, role := range truename.Roles {
			cell := cells[1+i]
			// A capital: for people only.
			check(t, op, truename.Actor{ID: "x", Kind: truename.ActorStaff, Roles: []truename.Role{role}}, cell != ".")
			check(t, op, truename.Actor{ID: "x", Kind: truename.ActorClient, Roles: []truename.Role{role}}, cell != "." && cell == strings.ToLower(cell))
		}
		check(t, op, truename.Actor{ID: "system", Kind: truename.ActorSystem}, cells[8] != ".")
		check(t, op, truename.Actor{ID: "x", Kind: truename.ActorStaff}, false)
		check(t, op, truename.Actor{ID: "x", Kind: truename.ActorStaff, Roles: []truename.Role{"root"}}, false)
		check(t, op, truename.Actor{ID: "x", Kind: "ghost", Roles: truename.Roles}, false)
		check(t, op, truename.Actor{ID: "x", Kind: truename.ActorCustomer, Roles: truename.Roles}, op == access.CustomerAct)
		wantKind(t, access.Allow(truename.Actor{Kind: truename.ActorSystem}, op), truename.KindUnauthenticated)
	}
	if d := cmp.Diff(access.Operations(), listed); d != "" {
		t.Errorf("operations (-table +test):\n%s", d)
	}
	if access.Allow(system, "face.search") == nil {
		t.Error("an operation that is in no table is allowed")
	}
}

func check(t *testing.T, op access.Operation, a truename.Actor, want bool) {
	t.Helper()
	err := access.Allow(a, op)
	if (err == nil) != want {
		t.Errorf("%s by %s %v: %v, want allowed %v", op, a.Kind, a.Roles, err, want)
	}
	if err != nil {
		wantKind(t, err, truename.KindForbidden)
	}
}

func TestRolesAddUp(t *testing.T) {
	a := truename.Actor{ID: "x", Kind: truename.ActorStaff, Roles: []truename.Role{truename.RoleAuditor, truename.RoleReviewer}}
	check(t, access.ReviewResolve, a, true)
	check(t, access.AuditRead, a, true)
	check(t, access.SubjectErase, a, false)
}
