package operatorrole

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/vb365/terraform-provider-vb365/internal/tfkit"
	"github.com/vb365/terraform-provider-vb365/internal/vb365"
)

// Timeouts of operations that the configuration does not limit.
const (
	defaultTimeout = 20 * time.Minute
	// settleTime is how long reading a role back may go on after the run was interrupted.
	settleTime = time.Minute
)

var (
	_ resource.ResourceWithConfigure      = (*roleResource)(nil)
	_ resource.ResourceWithIdentity       = (*roleResource)(nil)
	_ resource.ResourceWithImportState    = (*roleResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*roleResource)(nil)
	_ resource.ResourceWithValidateConfig = (*roleResource)(nil)
)

type roleResource struct{ tfkit.Resource }

func newResource() resource.Resource { return &roleResource{} }

func (r *roleResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + typeName
}

func (r *roleResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

func (r *roleResource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identitySchema()
}

// What the run's ledger says of roles, by id.
const (
	noteManaged = "managed" // it is in the state
	noteMade    = "made"    // it was created or adopted by a resource of this run
)

func managedSubject(id string) string { return "role in state " + strings.ToLower(id) }
func fateSubject(id string) string    { return "role " + strings.ToLower(id) }

func (r *roleResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	doing := fmt.Sprintf("creating the restore operator role %q", plan.Name.ValueString())
	client, err := r.Connections.VB365()
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	spec, err := newSpec(ctx, client, &plan, vb365.RoleEntries{})
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	made, err := create(ctx, finishing{client}, spec, adoption{&r.Connections.Notes})
	if err == nil {
		err = r.claim(made)
	}
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	// From here on the role exists: whatever happens, the state knows it.
	plan.ID = types.StringValue(made.role.ID)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{plan.ID})...)

	settled, cancel := settling(ctx)
	defer cancel()
	is, err := confirm(settled, finishing{client}, made.role.ID, spec, false)
	if is.role.ID != "" {
		plan = newModel(plan, is.role, is.entries)
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		resp.Diagnostics.Append(newLabels(is.entries).save(ctx, resp.Private)...)
	}
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	if made.adopted {
		resp.Diagnostics.AddAttributeWarning(path.Root("name"), "An existing restore operator role was adopted",
			fmt.Sprintf("The organization already had the role %q (id %s), exactly as declared here: it is managed from now on, "+
				"and no second one was created. This is expected after an apply that was cut off.", is.role.Name, is.role.ID))
	}
}

// adoption decides about a role that is there already.
type adoption struct{ notes *tfkit.Ledger }

// deleting tells whether this run deletes the role: then it is as good as gone.
func (a adoption) deleting(role vb365.Role) bool { return a.notes.Destroys(fateSubject(role.ID)) }

// adopt takes the role over, so that this run does not delete it, unless it is
// being deleted already.
func (a adoption) adopt(role vb365.Role) bool { return a.notes.Claim(fateSubject(role.ID)) }

// errTwice is one role declared by two resources.
var errTwice = errors.New("another resource of this configuration declares a role of the same name in the same organization")

// claim makes sure that no two resources of a run end up with the same role.
func (r *roleResource) claim(made creation) error {
	subject := "resource of " + fateSubject(made.role.ID)
	if _, first := r.Connections.Notes.Note(subject, noteMade); !first {
		return errTwice
	}
	r.Connections.Notes.Claim(fateSubject(made.role.ID))
	return nil
}

func (r *roleResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Read(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	imported := state.Name.IsNull()
	id := state.ID.ValueString()
	// States of Terraform before 1.12 have no identity: it is given whatever else is found.
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{state.ID})...)
	doing := "reading the restore operator role " + describeState(state)
	// An import must not pass in silence; a refresh need not repeat what is wrong with the connection.
	report := func(err error) { r.Connections.ReportTrouble(&resp.Diagnostics, doing, err) }
	if imported {
		report = func(err error) { resp.Diagnostics.Append(tfkit.Error(doing, err)) }
	}
	client, err := r.Connections.VB365()
	if err != nil {
		report(err)
		return
	}
	r.Connections.Notes.Note(managedSubject(id), noteManaged)
	is, err := read(ctx, client, id)
	switch {
	case errors.Is(err, vb365.ErrNotFound) && imported:
		resp.Diagnostics.AddError("There is no such restore operator role",
			fmt.Sprintf("The server has no role with the id %s. data.vb365_restore_operator_roles lists those that it has.", id))
		return
	case errors.Is(err, vb365.ErrNotFound):
		resp.Diagnostics.AddWarning(
			fmt.Sprintf("Restore operator role %q was deleted outside Terraform", state.Name.ValueString()),
			"Applying creates it again. If it shall stay deleted, remove it from the configuration.")
		resp.State.RemoveResource(ctx)
		return
	case err != nil:
		report(err)
		return
	}
	if !imported {
		seen, privateDiags := req.Private.GetKey(ctx, labelsKey)
		resp.Diagnostics.Append(privateDiags...)
		warnOfDrift(&resp.Diagnostics, state.Name.ValueString(), drift(state, is, parseLabels(seen)))
	}
	warnOfUnknownKinds(&resp.Diagnostics, is.role.Name, is.entries, state.OverwriteUnmanagedObjects)
	resp.Diagnostics.Append(newLabels(is.entries).save(ctx, resp.Private)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, newModel(state, is.role, is.entries))...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{types.StringValue(is.role.ID)})...)
}

// read returns a role from what is known of all roles, at the cost of its lists alone.
func read(ctx context.Context, client *vb365.Client, id string) (shown, error) {
	role, err := client.Role(ctx, id)
	if err != nil {
		return shown{}, err
	}
	entries, err := client.RoleEntries(ctx, role)
	if errors.Is(err, vb365.ErrNotFound) {
		// It went between the two questions.
		return look(ctx, client, id)
	}
	return shown{role, entries}, err
}

func (r *roleResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{plan.ID})...)
	if plan.declares(state) {
		// Only settings that the server does not know changed, such as timeouts.
		resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
		return
	}
	doing := "updating the restore operator role " + describeState(state)
	client, err := r.Connections.VB365()
	if err != nil {
		resp.Diagnostics.Append(tfkit.Error(doing, err))
		return
	}
	is, err := look(ctx, client, plan.ID.ValueString())
	if errors.Is(err, vb365.ErrNotFound) {
		resp.Diagnostics.AddError(titleGone, fmt.Sprintf("While %s: the server does not have it any more. "+
			"It was deleted after the plan was made. Plan again: it is then created anew.", doing))
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	spec, err := newSpec(ctx, client, &plan, is.entries)
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
		return
	}
	settled, cancel := settling(ctx)
	defer cancel()
	is, err = update(settled, finishing{client}, is, spec, plan.OverwriteUnmanagedObjects.ValueBool())
	if is.role.ID != "" {
		resp.Diagnostics.Append(resp.State.Set(ctx, newModel(plan, is.role, is.entries))...)
		resp.Diagnostics.Append(newLabels(is.entries).save(ctx, resp.Private)...)
	}
	if err != nil {
		addError(&resp.Diagnostics, doing, err)
	}
}

func (r *roleResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	id := state.ID.ValueString()
	if !r.Connections.Notes.Destroy(fateSubject(id)) {
		resp.Diagnostics.AddWarning("A restore operator role was kept",
			fmt.Sprintf("The role %q (id %s) was to be deleted, but another resource of this configuration declares exactly the same "+
				"role and has taken it over in this run.", state.Name.ValueString(), id))
		return
	}
	doing := "deleting the restore operator role " + describeState(state)
	client, err := r.Connections.VB365()
	if err == nil {
		err = finishing{client}.DeleteRole(ctx, id)
	}
	if err != nil && !errors.Is(err, vb365.ErrNotFound) {
		addError(&resp.Diagnostics, doing, err)
	}
}

// ImportState takes the role's id, or "organization name/role name".
func (r *roleResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id := req.ID
	if id == "" && req.Identity != nil {
		var given identity
		resp.Diagnostics.Append(req.Identity.Get(ctx, &given)...)
		id = given.ID.ValueString()
	}
	if !vb365.IsGUID(id) && !resp.Diagnostics.HasError() {
		id = r.findByName(ctx, id, &resp.Diagnostics)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, identity{types.StringValue(id)})...)
}

const importForms = "Import a role by its id (a GUID), or by \"organization name/role name\", such as " +
	"\"contoso.onmicrosoft.com/Helpdesk\"."

func (r *roleResource) findByName(ctx context.Context, name string, diags *diag.Diagnostics) string {
	organization, role, ok := strings.Cut(name, "/")
	if !ok || organization == "" || role == "" {
		diags.AddError("Malformed import id", fmt.Sprintf("%q cannot be imported. %s", name, importForms))
		return ""
	}
	doing := fmt.Sprintf("looking for the restore operator role %q of %s", role, organization)
	client, err := r.Connections.VB365()
	if err != nil {
		diags.Append(tfkit.Error(doing, err))
		return ""
	}
	organizations, err := client.Organizations(ctx)
	if err != nil {
		diags.Append(tfkit.Error(doing, err))
		return ""
	}
	all, err := client.Roles(ctx)
	if err != nil {
		diags.Append(tfkit.Error(doing, err))
		return ""
	}
	id, problem := pickRole(organizations, all, organization, role)
	if problem != "" {
		diags.AddError("The restore operator role to import was not found", problem)
	}
	return id
}

// pickRole returns the one role of that name, or says in words why there is none.
func pickRole(organizations []vb365.Organization, all []vb365.Role, organization, name string) (id, problem string) {
	var owners []string
	for _, o := range organizations {
		if o.Named(organization) || strings.EqualFold(o.ID, organization) {
			owners = append(owners, strings.ToLower(o.ID))
		}
	}
	if len(owners) == 0 {
		return "", fmt.Sprintf("The server has no organization named %q. It has %s.", organization, organizationNames(organizations))
	}
	var matches, others []string
	for _, role := range all {
		if !slices.Contains(owners, strings.ToLower(role.OrganizationID)) {
			continue
		}
		if role.Name == name {
			matches = append(matches, role.ID)
		}
		others = append(others, fmt.Sprintf("%q (%s)", role.Name, role.ID))
	}
	switch {
	case len(matches) == 1:
		return matches[0], ""
	case len(matches) > 1:
		return "", fmt.Sprintf("The organization %s has %d roles named %q: %s. Import by id.",
			organization, len(matches), name, strings.Join(matches, ", "))
	case len(others) == 0:
		return "", fmt.Sprintf("The organization %s has no roles.", organization)
	}
	return "", fmt.Sprintf("The organization %s has no role named %q. It has %s.", organization, name, strings.Join(others, ", "))
}

// namedInErrors bounds how many names an error lists.
const namedInErrors = 10

func organizationNames(organizations []vb365.Organization) string {
	if len(organizations) == 0 {
		return "none"
	}
	var names []string
	for i := range organizations {
		if i == namedInErrors {
			names = append(names, fmt.Sprintf("and %d more", len(organizations)-i))
			break
		}
		names = append(names, organizationLabel(&organizations[i]))
	}
	return strings.Join(names, ", ")
}

func describeState(m model) string {
	if m.Name.ValueString() == "" {
		return m.ID.ValueString()
	}
	return fmt.Sprintf("%q (id %s)", m.Name.ValueString(), m.ID.ValueString())
}

// settling returns a context for finishing what was begun: an interrupt does not
// cut it off at once, but after a while.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	settled, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(settleTime, cancel) })
	return settled, func() {
		stop()
		cancel()
	}
}

// finishing is the client whose writes are not cut off by an interrupt once they
// are sent, so that what they did is known. Each is bounded by its own time-out.
type finishing struct{ *vb365.Client }

func (f finishing) CreateRole(ctx context.Context, spec vb365.RoleSpec) (vb365.Role, error) {
	if err := ctx.Err(); err != nil {
		return vb365.Role{}, err
	}
	return f.Client.CreateRole(context.WithoutCancel(ctx), spec)
}

func (f finishing) DeleteRole(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return f.Client.DeleteRole(context.WithoutCancel(ctx), id)
}

// addError adds a diagnostic for an error of this package or of the client.
func addError(diags *diag.Diagnostics, doing string, err error) {
	var (
		absent   *absentError
		conflict *conflictError
		mismatch *mismatchError
		unknown  *unknownKindsError
	)
	switch {
	case errors.As(err, &absent):
		tfkit.AddAttributeError(diags, absent.reference.path(), titleNoSuchObject, upperFirst(err.Error())+". "+hintNewObject)
	case errors.As(err, &conflict):
		diags.AddAttributeError(path.Root("name"), titleConflict, conflictDetail(conflict))
	case errors.Is(err, errTwice):
		diags.AddAttributeError(path.Root("name"), titleTwice, "While "+doing+": "+err.Error()+
			". Give each its own name, or declare the role once.")
	case errors.As(err, &mismatch):
		diags.AddError(titleMismatch, fmt.Sprintf("While %s, the server accepted the request but shows the role otherwise:\n%s\n\n"+
			"The role was corrected once, entry by entry, without success. The state holds what the server shows; "+
			"the next plan shows the difference. If it comes back, please report this with the log of TF_LOG=DEBUG.",
			doing, tfkit.Bullets(mismatch.differences)))
	case errors.As(err, &unknown):
		diags.AddAttributeError(path.Root("overwrite_unmanaged_objects"), titleUnknownKinds,
			fmt.Sprintf("While %s: the role holds entries of kinds that this provider does not know, and its name, description or "+
				"scope can only be changed by replacing all of it:\n%s\n\n"+
				"Set overwrite_unmanaged_objects = true to remove them, or make this change in the console.",
				doing, tfkit.Bullets(unknown.entries)))
	default:
		diags.Append(tfkit.Error(doing, err))
	}
}

// Titles of this resource's diagnostics. They are part of the documentation.
const (
	titleNoSuchObject = "No such object in the organization"
	titleConflict     = "A restore operator role of this name exists"
	titleTwice        = "The restore operator role is declared twice"
	titleMismatch     = "The restore operator role is not as declared"
	titleGone         = "The restore operator role is gone"
	titleUnknownKinds = "Entries of unknown kinds would be lost"
)

const hintNewObject = "If it was created a moment ago, the server may not know it yet: VB365 keeps a copy of the organization's " +
	"directory and synchronizes it from time to time."

func conflictDetail(e *conflictError) string {
	return fmt.Sprintf("The organization already has a role named %q (id %s), and it is not as declared here:\n%s\n\n"+
		"To manage it, import it; the next plan then shows what would change:\n"+
		"  import {\n    to = vb365_restore_operator_role.<name>\n    id = %q\n  }\n"+
		"To keep it beside a new one, give the new one another name.",
		e.role.Name, e.role.ID, tfkit.Bullets(e.differences), e.role.ID)
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
