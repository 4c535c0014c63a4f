// Drives DigitalOcean's API through the vendor's own client, and prints what came back as JSON. It finds endpoint and
// token where the vendor's tools do, in DIGITALOCEAN_API_URL and DIGITALOCEAN_ACCESS_TOKEN, and deletes every Droplet
// that it made.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/digitalocean/godo"
	"golang.org/x/oauth2"
)

// Report is what the suite judges.
type Report struct {
	DropletLimit int               `json:"dropletLimit"`
	Hourly       float64           `json:"hourly"`
	Monthly      float64           `json:"monthly"`
	Regions      []string          `json:"regions"`
	ImageRegions int               `json:"imageRegions"`
	Created      []Droplet         `json:"created"`
	Listed       int               `json:"listed"`
	PagesListed  int               `json:"pagesListed"`
	Named        int               `json:"named"`
	Tags         []string          `json:"tags"`
	Power        []string          `json:"power"`
	Balancers    []Balancer        `json:"balancers"`
	Refusals     map[string]string `json:"refusals"`
	RateLimit    int               `json:"rateLimit"`
	Left         int               `json:"left"`
}

// Droplet is one that was made, after its action had ended.
type Droplet struct {
	Name        string `json:"name"`
	Status      string `json:"status"`
	PublicIPv4  string `json:"publicIPv4"`
	PrivateIPv4 string `json:"privateIPv4"`
	PublicIPv6  string `json:"publicIPv6"`
	Action      string `json:"action"`
}

// Balancer is a load balancer, with how many Droplets it listed as each change went by.
type Balancer struct {
	Name       string `json:"name"`
	Tag        string `json:"tag"`
	TargetPort int    `json:"targetPort"`
	CheckPath  string `json:"checkPath"`
	Droplets   []int  `json:"droplets"`
}

const tag = "probe:all"

func main() {
	count := 3
	if len(os.Args) > 1 {
		parsed, err := strconv.Atoi(os.Args[1])
		if err != nil {
			fail(fmt.Errorf("%q is no number of Droplets", os.Args[1]))
		}
		count = parsed
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	client, err := open(ctx, os.Getenv("DIGITALOCEAN_ACCESS_TOKEN"))
	if err != nil {
		fail(err)
	}
	report := Report{Refusals: map[string]string{}}
	for _, step := range []func(context.Context, *godo.Client, *Report) error{account, catalogue, create(count), list, retag, power, balancers, refusals, remove} {
		if err := step(ctx, client, &report); err != nil {
			fail(err)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		fail(err)
	}
}

// open retries as the vendor's own tools do.
func open(ctx context.Context, token string) (*godo.Client, error) {
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token})
	wait := 0.05
	return godo.New(oauth2.NewClient(ctx, source), godo.SetBaseURL(os.Getenv("DIGITALOCEAN_API_URL")),
		godo.WithRetryAndBackoffs(godo.RetryConfig{RetryMax: 3, RetryWaitMin: &wait, RetryWaitMax: &wait}))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func account(ctx context.Context, client *godo.Client, report *Report) error {
	found, response, err := client.Account.Get(ctx)
	if err != nil {
		return err
	}
	report.DropletLimit, report.RateLimit = found.DropletLimit, response.Rate.Limit
	return nil
}

func catalogue(ctx context.Context, client *godo.Client, report *Report) error {
	sizes, _, err := client.Sizes.List(ctx, &godo.ListOptions{PerPage: 200})
	if err != nil {
		return err
	}
	for _, size := range sizes {
		if size.Slug == "s-2vcpu-4gb" {
			report.Hourly, report.Monthly, report.Regions = size.PriceHourly, size.PriceMonthly, size.Regions
		}
	}
	image, _, err := client.Images.GetBySlug(ctx, "docker-20-04")
	if err != nil {
		return err
	}
	report.ImageRegions = len(image.Regions)
	return nil
}

func create(count int) func(context.Context, *godo.Client, *Report) error {
	return func(ctx context.Context, client *godo.Client, report *Report) error {
		vpcs, _, err := client.VPCs.List(ctx, nil)
		if err != nil {
			return err
		}
		private := slices.IndexFunc(vpcs, func(vpc *godo.VPC) bool { return vpc.Name == "private" })
		if private < 0 {
			return errors.New("VPC private")
		}
		keys, _, err := client.Keys.List(ctx, nil)
		if err != nil || len(keys) == 0 {
			return errors.Join(err, errors.New("SSH keys"))
		}
		for number := range count {
			request := order(fmt.Sprintf("probe-%d", number))
			request.VPCUUID, request.SSHKeys = vpcs[private].ID, []godo.DropletCreateSSHKey{{ID: keys[0].ID}}
			made, response, err := client.Droplets.Create(ctx, request)
			if err != nil {
				return err
			}
			action, err := ended(ctx, client, response.Links.Actions[0].ID)
			if err != nil {
				return err
			}
			droplet, _, err := client.Droplets.Get(ctx, made.ID)
			if err != nil {
				return err
			}
			shown := Droplet{Name: droplet.Name, Status: droplet.Status, Action: action.Type + " " + action.Status}
			shown.PublicIPv4, _ = droplet.PublicIPv4()
			shown.PrivateIPv4, _ = droplet.PrivateIPv4()
			shown.PublicIPv6, _ = droplet.PublicIPv6()
			report.Created = append(report.Created, shown)
		}
		return nil
	}
}

func order(name string) *godo.DropletCreateRequest {
	return &godo.DropletCreateRequest{
		Name: name, Region: "fra1", Size: "s-2vcpu-4gb", Image: godo.DropletCreateImage{Slug: "docker-20-04"},
		Tags: []string{tag}, UserData: "#cloud-config\n", IPv6: true,
	}
}

// ended waits for an action, as long as the context lasts.
func ended(ctx context.Context, client *godo.Client, id int) (*godo.Action, error) {
	for {
		action, _, err := client.Actions.Get(ctx, id)
		if err != nil || action.Status != godo.ActionInProgress {
			return action, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func list(ctx context.Context, client *godo.Client, report *Report) error {
	for page := 1; ; page++ {
		droplets, response, err := client.Droplets.ListByTag(ctx, tag, &godo.ListOptions{Page: page, PerPage: 2})
		if err != nil {
			return err
		}
		report.Listed += len(droplets)
		report.PagesListed++
		if response.Links == nil || response.Links.IsLastPage() {
			break
		}
	}
	named, _, err := client.Droplets.ListByName(ctx, "probe-0", nil)
	report.Named = len(named)
	return err
}

func first(ctx context.Context, client *godo.Client) (*godo.Droplet, error) {
	droplets, _, err := client.Droplets.ListByName(ctx, "probe-0", nil)
	if err != nil || len(droplets) == 0 {
		return nil, errors.Join(err, errors.New("Droplet probe-0"))
	}
	return &droplets[0], nil
}

func retag(ctx context.Context, client *godo.Client, report *Report) error {
	droplet, err := first(ctx, client)
	if err != nil {
		return err
	}
	resources := []godo.Resource{{ID: strconv.Itoa(droplet.ID), Type: godo.DropletResourceType}}
	for _, name := range []string{"probe:kept", "probe:gone"} {
		if _, _, err := client.Tags.Create(ctx, &godo.TagCreateRequest{Name: name}); err != nil {
			return err
		}
		if _, err := client.Tags.TagResources(ctx, name, &godo.TagResourcesRequest{Resources: resources}); err != nil {
			return err
		}
	}
	if _, err := client.Tags.UntagResources(ctx, "probe:gone", &godo.UntagResourcesRequest{Resources: resources}); err != nil {
		return err
	}
	tagged, _, err := client.Droplets.Get(ctx, droplet.ID)
	if err != nil {
		return err
	}
	report.Tags = tagged.Tags
	return nil
}

func power(ctx context.Context, client *godo.Client, report *Report) error {
	droplet, err := first(ctx, client)
	if err != nil {
		return err
	}
	for _, command := range []func(context.Context, int) (*godo.Action, *godo.Response, error){client.DropletActions.PowerOff, client.DropletActions.PowerOn, client.DropletActions.Reboot, client.DropletActions.Shutdown} {
		action, _, err := command(ctx, droplet.ID)
		if err != nil {
			return err
		}
		if action, err = ended(ctx, client, action.ID); err != nil {
			return err
		}
		report.Power = append(report.Power, action.Type+" "+action.Status)
	}
	return nil
}

// balancers are those that the account has: one that has a tag is looked at, the other gets all Droplets and loses one.
func balancers(ctx context.Context, client *godo.Client, report *Report) error {
	found, _, err := client.LoadBalancers.List(ctx, &godo.ListOptions{PerPage: 200})
	if err != nil {
		return err
	}
	droplets, _, err := client.Droplets.ListByTag(ctx, tag, &godo.ListOptions{PerPage: 200})
	if err != nil {
		return err
	}
	ids := []int{}
	for _, droplet := range droplets {
		ids = append(ids, droplet.ID)
	}
	for _, one := range found {
		shown := Balancer{Name: one.Name, Tag: one.Tag, TargetPort: one.ForwardingRules[0].TargetPort, CheckPath: one.HealthCheck.Path, Droplets: []int{len(one.DropletIDs)}}
		if one.Tag != "" {
			_, err := client.LoadBalancers.AddDroplets(ctx, one.ID, ids...)
			if report.Refusals["namedBesideTag"], err = refusal("a Droplet that is named beside a tag", err); err != nil {
				return err
			}
			report.Balancers = append(report.Balancers, shown)
			continue
		}
		if _, err := client.LoadBalancers.AddDroplets(ctx, one.ID, ids...); err != nil {
			return err
		}
		_, err := client.LoadBalancers.RemoveDroplets(ctx, one.ID, ids[0])
		if report.Refusals["busyBalancer"], err = refusal("a change during another", err); err != nil {
			return err
		}
		if err := active(ctx, client, one.ID, &shown); err != nil {
			return err
		}
		if _, err := client.LoadBalancers.RemoveDroplets(ctx, one.ID, ids[0]); err != nil {
			return err
		}
		if err := active(ctx, client, one.ID, &shown); err != nil {
			return err
		}
		report.Balancers = append(report.Balancers, shown)
	}
	_, _, err = client.LoadBalancers.Get(ctx, "00000000-0000-4000-8000-000000000000")
	report.Refusals["unknownBalancer"], err = refusal("an unknown load balancer", err)
	return err
}

// active waits for the end of a change, as long as the context lasts.
func active(ctx context.Context, client *godo.Client, id string, shown *Balancer) error {
	for {
		balancer, _, err := client.LoadBalancers.Get(ctx, id)
		if err != nil {
			return err
		}
		if balancer.Status == "active" {
			shown.Droplets = append(shown.Droplets, len(balancer.DropletIDs))
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// refusals are told by status and words.
func refusals(ctx context.Context, client *godo.Client, report *Report) error {
	unknownImage := order("probe-other")
	unknownImage.Image = godo.DropletCreateImage{Slug: "none"}
	unknownSize := order("probe-other")
	unknownSize.Size = "none"
	for what, request := range map[string]*godo.DropletCreateRequest{"unknownImage": unknownImage, "unknownSize": unknownSize} {
		_, _, err := client.Droplets.Create(ctx, request)
		if report.Refusals[what], err = refusal(what, err); err != nil {
			return err
		}
	}
	_, _, err := client.Droplets.Get(ctx, 1)
	if report.Refusals["unknownDroplet"], err = refusal("an unknown Droplet", err); err != nil {
		return err
	}
	wrong, err := open(ctx, "wrong")
	if err != nil {
		return err
	}
	_, _, err = wrong.Account.Get(ctx)
	report.Refusals["wrongToken"], err = refusal("a wrong token", err)
	return err
}

func refusal(what string, err error) (string, error) {
	var refused *godo.ErrorResponse
	if !errors.As(err, &refused) {
		return "", fmt.Errorf("%s was not refused but: %w", what, err)
	}
	if refused.RequestID == "" {
		return "", fmt.Errorf("%s was refused without a request id", what)
	}
	return fmt.Sprintf("%d %s", refused.Response.StatusCode, refused.Message), nil
}

func remove(ctx context.Context, client *godo.Client, report *Report) error {
	all, _, err := client.Droplets.ListByTag(ctx, tag, &godo.ListOptions{PerPage: 200})
	if err != nil {
		return err
	}
	for _, droplet := range all {
		if _, err := client.Droplets.Delete(ctx, droplet.ID); err != nil {
			return err
		}
	}
	left, _, err := client.Droplets.ListByTag(ctx, tag, nil)
	report.Left = len(left)
	return err
}
