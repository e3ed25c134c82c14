package operatorrole

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// ModifyPlan makes the plan exact, and asks the server whether what it newly
// names exists. Destroys and roles that do not change cost no request.
func (r *roleResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // a destroy
	}
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	state := nullModel(ctx)
	creating := req.State.Raw.IsNull()
	if !creating {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	plan = exactPlan(plan, state, creating)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
	if resp.Diagnostics.HasError() || r.Connections == nil {
		return
	}
	if !creating {
		r.Connections.Notes.Note(managedSubject(state.ID.ValueString()), noteManaged)
		if plan.declares(state) {
			return
		}
	}
	if creating {
		r.checkDeclaredOnce(plan, &resp.Diagnostics)
	}
	if r.Connections.ValidateAtPlan {
		r.askServer(ctx, plan, state, &resp.Diagnostics)
	}
}

// exactPlan writes down what is known before apply: ids that mean what the state
// says keep the state's spelling, and computed attributes follow from the others.
func exactPlan(plan, state model, creating bool) model {
	if sameText(plan.OrganizationID, state.OrganizationID) {
		plan.OrganizationID = state.OrganizationID
	}
	for _, l := range lists {
		value := l.of(&plan)
		*value = keepSpelling(*value, *l.of(&state), l)
	}
	switch {
	case plan.EntireOrganization.ValueBool():
		plan.RoleType = types.StringValue(string(vb365.EntireOrganization))
	case !plan.ManagedObjects.IsNull() && !plan.ManagedObjects.IsUnknown():
		plan.RoleType = types.StringValue(string(vb365.SpecificObjects))
	default:
		plan.RoleType = types.StringUnknown()
	}
	plan.UnmanagedObjects = state.UnmanagedObjects
	if creating || plan.OverwriteUnmanagedObjects.ValueBool() {
		plan.UnmanagedObjects = types.SetNull(types.StringType)
	}
	return plan
}

// keepSpelling returns planned with every set that names the state's objects written as in the state.
func keepSpelling(planned, state types.Object, l *roleList) types.Object {
	if planned.IsNull() || planned.IsUnknown() || state.IsNull() {
		return planned
	}
	attributes := planned.Attributes()
	for _, k := range l.kinds {
		want, wantOK := attributes[k.attribute].(types.Set)
		have, haveOK := state.Attributes()[k.attribute].(types.Set)
		if wantOK && haveOK && sameSet(want, have, k) {
			attributes[k.attribute] = have
		}
	}
	return types.ObjectValueMust(l.attributeTypes(), attributes)
}

// checkDeclaredOnce refuses two new roles of one name in one organization, which
// VB365 and people could not tell apart.
func (r *roleResource) checkDeclaredOnce(plan model, diags *diag.Diagnostics) {
	if plan.Name.IsUnknown() || plan.OrganizationID.IsUnknown() {
		return
	}
	subject := fmt.Sprintf("planned role %s/%s", strings.ToLower(plan.OrganizationID.ValueString()), plan.Name.ValueString())
	if _, first := r.Connections.Notes.Note(subject, noteManaged); !first {
		diags.AddAttributeError(path.Root("name"), titleTwice,
			fmt.Sprintf("Two resources of this configuration create a role named %q in the organization %s. "+
				"Give each its own name, or declare the role once.", plan.Name.ValueString(), plan.OrganizationID.ValueString()))
	}
}

// planCheck asks the server about one plan.
type planCheck struct {
	client      *vb365.Client
	connections *tfkit.Connections
	plan, state model
	diags       *diag.Diagnostics
}

// askServer finds what the server would refuse at apply. An unreachable server
// leaves the plan unchecked, which is said once.
func (r *roleResource) askServer(ctx context.Context, plan, state model, diags *diag.Diagnostics) {
	doing := fmt.Sprintf("checking the plan of the restore operator role %q", plan.Name.ValueString())
	client, err := r.Connections.VB365()
	if err == nil {
		check := planCheck{client: client, connections: r.Connections, plan: plan, state: state, diags: diags}
		err = check.run(ctx)
	}
	if err == nil {
		return
	}
	if _, ok := errors.AsType[*tfkit.UnknownSettingError](err); ok {
		return // the server itself is yet to be created
	}
	if !passing(err) {
		r.Connections.ReportTrouble(diags, doing, err)
		return
	}
	if _, first := r.Connections.Notes.Note("unchecked: "+err.Error(), doing); first {
		title, detail := tfkit.Explain(doing, err)
		diags.AddWarning(tfkit.TitleNotChecked, title+". "+detail+
			"\n\nWhat the plan names may not exist; apply will tell. Other roles of this plan may be unchecked too.")
	}
}

// passing tells whether err may be gone when the plan is applied.
func passing(err error) bool {
	if _, ok := errors.AsType[*vb365.UnreachableError](err); ok {
		return true
	}
	var resp *vb365.ResponseError
	return errors.As(err, &resp) &&
		(resp.Status >= http.StatusInternalServerError || resp.Status == http.StatusTooManyRequests)
}

func (c *planCheck) run(ctx context.Context) error {
	if c.plan.OrganizationID.IsUnknown() {
		return nil
	}
	fresh := c.newReferences()
	moved := !sameText(c.plan.OrganizationID, c.state.OrganizationID)
	if moved || len(fresh) > 0 {
		org, err := c.organization(ctx)
		if err != nil || org == nil {
			return err
		}
		if err := c.objects(ctx, org, fresh); err != nil {
			return err
		}
	}
	if moved || !c.plan.Name.Equal(c.state.Name) {
		return c.name(ctx)
	}
	return nil
}

// newReferences returns what the plan names and the state does not.
func (c *planCheck) newReferences() []reference {
	moved := !sameText(c.plan.OrganizationID, c.state.OrganizationID)
	var fresh []reference
	for _, r := range references(&c.plan) {
		known, _ := idsOf(*r.list.of(&c.state), r.kind)
		if moved || !containsObject(known, r.id, r.kind) {
			fresh = append(fresh, r)
		}
	}
	return fresh
}

// organization returns the role's organization, or nil after an error that says why it cannot have roles.
func (c *planCheck) organization(ctx context.Context) (*vb365.Organization, error) {
	id := c.plan.OrganizationID.ValueString()
	org, err := c.client.Organization(ctx, id)
	if err != nil {
		return nil, err
	}
	if org == nil {
		return nil, c.noSuchOrganization(ctx, id)
	}
	at := path.Root("organization_id")
	switch {
	case org.Type == vb365.OnPremises:
		c.diags.AddAttributeError(at, "The organization cannot have roles",
			organizationLabel(org)+" is an on-premises organization. The restore portal serves Microsoft 365 and hybrid ones.")
	case !org.ModernAppOnly():
		c.diags.AddAttributeError(at, "The organization cannot have roles",
			organizationLabel(org)+" does not use modern app-only authentication, which restore operator roles require. "+
				"Switch its connection in the console (Edit Organization) first.")
	default:
		return org, nil
	}
	return nil, nil //nolint:nilnil // the diagnostic says it all
}

func (c *planCheck) noSuchOrganization(ctx context.Context, id string) error {
	all, err := c.client.Organizations(ctx)
	if err != nil {
		return err
	}
	hint := "It has " + organizationNames(all) + "."
	for i := range all {
		if all[i].TenantID != "" && strings.EqualFold(all[i].TenantID, id) {
			hint = fmt.Sprintf("This is the Entra tenant id of %s: use VB365's id.", organizationLabel(&all[i]))
		}
	}
	c.diags.AddAttributeError(path.Root("organization_id"), "No such organization",
		fmt.Sprintf("The server has no organization with the id %s. %s", id, hint))
	return nil
}

func (c *planCheck) objects(ctx context.Context, org *vb365.Organization, fresh []reference) error {
	if len(fresh) == 0 {
		return nil
	}
	version, err := c.client.Version(ctx)
	if err != nil {
		return err
	}
	fresh = slices.DeleteFunc(fresh, func(r reference) bool { return c.refuseTeam(org, version, r) })
	objects, err := findAll(ctx, c.client, org.ID, fresh)
	if err != nil {
		return err
	}
	for _, r := range fresh {
		object, exists := objects[r]
		switch {
		case !exists:
			hint, err := c.hintAbsent(ctx, org, r)
			if err != nil {
				return err
			}
			tfkit.AddAttributeError(c.diags, r.path(), titleNoSuchObject,
				fmt.Sprintf("%s has no %s with the id %s. %s", organizationLabel(org), r.kind.noun, r.id, hint))
		case org.Type == vb365.Hybrid && object.onlyOnPremises:
			tfkit.AddAttributeError(c.diags, r.path(), "An object exists on-premises only",
				fmt.Sprintf("The %s %s exists on-premises only. A role of a hybrid organization takes objects of Microsoft 365.",
					r.kind.noun, object.entry.Label()))
		case object.dynamic:
			tfkit.AddAttributeWarning(c.diags, r.path(), "The members of a dynamic distribution group cannot be told",
				fmt.Sprintf("%s is a dynamic distribution group. With modern app-only authentication VB365 cannot tell its members, "+
					"so it is likely to have no effect as %s.", object.entry.Label(), r.list.noun))
		}
	}
	return nil
}

// refuseTeam reports a team where roles cannot name any, and tells whether it did.
func (c *planCheck) refuseTeam(org *vb365.Organization, version vb365.Version, r reference) bool {
	if r.kind.entry != vb365.KindTeam {
		return false
	}
	switch {
	case version < vb365.V7:
		tfkit.AddAttributeError(c.diags, r.path(), "Teams need API version v7",
			fmt.Sprintf("API version %s has no teams in roles. Use api_version v7 or v8 with a server that serves it.", version))
		return true
	case org.Region == vb365.RegionChina:
		tfkit.AddAttributeError(c.diags, r.path(), "No teams in this region",
			organizationLabel(org)+" is in the China region, where VB365 does not support teams.")
		return true
	}
	return false
}

// hintAbsent says what an id that was not found may be: an object of another
// kind, or a slip of the pen.
func (c *planCheck) hintAbsent(ctx context.Context, org *vb365.Organization, r reference) (string, error) {
	for _, k := range []*kind{users, groups} {
		if k.entry == r.kind.entry || !k.form.Valid(r.id) {
			continue
		}
		other := reference{r.list, k, r.id}
		objects, err := findAll(ctx, c.client, org.ID, []reference{other})
		if err != nil {
			return "", err
		}
		if object, ok := objects[other]; ok {
			return fmt.Sprintf("The id is that of the %s %s: write it into %s.%s.",
				k.noun, object.entry.Label(), r.list.attribute, k.attribute), nil
		}
	}
	near, err := nearest(ctx, c.client, org.ID, r)
	if err != nil {
		return "", err
	}
	if near != "" {
		return "Did you mean " + near + "? " + hintNewObject, nil
	}
	return hintNewObject, nil
}

// name finds a role of the planned name that a new one would stand beside. A
// role that is in the state is left to apply: it may be the one that is replaced.
func (c *planCheck) name(ctx context.Context) error {
	if c.plan.Name.IsUnknown() {
		return nil
	}
	all, err := c.client.Roles(ctx)
	if err != nil {
		return err
	}
	for _, role := range namesakes(all, c.plan.declaredRole()) {
		if _, managed := c.connections.Notes.Known(managedSubject(role.ID)); managed || strings.EqualFold(role.ID, c.state.ID.ValueString()) {
			continue
		}
		if err := c.namesake(ctx, role); err != nil {
			return err
		}
	}
	return nil
}

func (c *planCheck) namesake(ctx context.Context, role vb365.Role) error {
	if !wholly(&c.plan) {
		return nil // apply compares
	}
	spec, err := newSpec(ctx, c.client, &c.plan, vb365.RoleEntries{})
	if _, ok := errors.AsType[*absentError](err); ok {
		return nil // reported already
	}
	if err != nil {
		return err
	}
	differences, err := compareRole(ctx, c.client, role, spec)
	if err != nil {
		return err
	}
	renaming := !c.state.ID.IsNull()
	switch {
	case renaming:
		c.diags.AddAttributeError(path.Root("name"), titleConflict,
			fmt.Sprintf("The organization already has another role named %q (id %s). Choose another name.", role.Name, role.ID))
	case len(differences) > 0:
		c.diags.AddAttributeError(path.Root("name"), titleConflict, conflictDetail(&conflictError{role, differences}))
	default:
		c.diags.AddAttributeWarning(path.Root("name"), "An existing restore operator role will be adopted",
			fmt.Sprintf("The organization already has the role %q (id %s), exactly as declared here. Applying does not create a second one "+
				"but manages this one from then on.", role.Name, role.ID))
	}
	return nil
}

// wholly tells whether everything that the plan says about the role is known.
func wholly(plan *model) bool {
	if plan.EntireOrganization.IsUnknown() || plan.Description.IsUnknown() {
		return false
	}
	for _, l := range lists {
		for _, k := range l.kinds {
			if _, whole := idsOf(*l.of(plan), k); !whole {
				return false
			}
		}
	}
	return true
}
