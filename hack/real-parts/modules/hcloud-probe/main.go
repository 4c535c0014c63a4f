// Drives Hetzner's API through the vendor's own client, and prints what came back as JSON. It finds endpoint and token
// as the vendor's tools do, in HCLOUD_ENDPOINT and HCLOUD_TOKEN, and deletes every server that it made.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// Report is what the suite judges.
type Report struct {
	Currency     string            `json:"currency"`
	HourlyNet    string            `json:"hourlyNet"`
	IPv4Net      string            `json:"ipv4Net"`
	Created      []Server          `json:"created"`
	Listed       int               `json:"listed"`
	PagesListed  int               `json:"pagesListed"`
	Labels       map[string]string `json:"labels"`
	Architecture string            `json:"architecture"`
	Available    bool              `json:"available"`
	Refusals     map[string]string `json:"refusals"`
	Power        []string          `json:"power"`
	Left         int               `json:"left"`
}

// Server is one that was made, after its actions had ended.
type Server struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Status    string `json:"status"`
	IPv4      string `json:"ipv4"`
	IPv6      string `json:"ipv6"`
	PrivateIP string `json:"privateIP"`
	Actions   int    `json:"actions"`
}

const selector = "app==probe"

func main() {
	count := 3
	if len(os.Args) > 1 {
		parsed, err := strconv.Atoi(os.Args[1])
		if err != nil {
			fail(fmt.Errorf("%q is no number of servers", os.Args[1]))
		}
		count = parsed
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	client := hcloud.NewClient(
		hcloud.WithEndpoint(os.Getenv("HCLOUD_ENDPOINT")), hcloud.WithToken(os.Getenv("HCLOUD_TOKEN")),
		hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: hcloud.ConstantBackoff(50 * time.Millisecond)}),
	)
	report := Report{Refusals: map[string]string{}}
	for _, step := range []func(context.Context, *hcloud.Client, *Report) error{prices, catalogue, create(count), list, label, power, refusals, remove} {
		if err := step(ctx, client, &report); err != nil {
			fail(err)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func prices(ctx context.Context, client *hcloud.Client, report *Report) error {
	pricing, _, err := client.Pricing.Get(ctx)
	if err != nil {
		return err
	}
	for _, serverType := range pricing.ServerTypes {
		for _, at := range serverType.Pricings {
			if serverType.ServerType.Name == "cpx21" && at.Location.Name == "nbg1" {
				report.Currency, report.HourlyNet = at.Hourly.Currency, at.Hourly.Net
			}
		}
	}
	for _, address := range pricing.PrimaryIPs {
		for _, at := range address.Pricings {
			if address.Type == "ipv4" && at.Location == "nbg1" {
				report.IPv4Net = at.Hourly.Net
			}
		}
	}
	return nil
}

func catalogue(ctx context.Context, client *hcloud.Client, report *Report) error {
	serverType, _, err := client.ServerType.GetByName(ctx, "cpx21")
	if err != nil || serverType == nil {
		return errors.Join(err, errors.New("server type cpx21"))
	}
	report.Architecture = string(serverType.Architecture)
	for _, at := range serverType.Locations {
		if at.Location.Name == "nbg1" {
			report.Available = at.Available
		}
	}
	image, _, err := client.Image.GetByNameAndArchitecture(ctx, "docker-ce", serverType.Architecture)
	if err != nil || image == nil {
		return errors.Join(err, errors.New("image docker-ce"))
	}
	return nil
}

func create(count int) func(context.Context, *hcloud.Client, *Report) error {
	return func(ctx context.Context, client *hcloud.Client, report *Report) error {
		network, _, err := client.Network.GetByName(ctx, "private")
		if err != nil || network == nil {
			return errors.Join(err, errors.New("network private"))
		}
		firewall, _, err := client.Firewall.GetByName(ctx, "web")
		if err != nil || firewall == nil {
			return errors.Join(err, errors.New("firewall web"))
		}
		group, _, err := client.PlacementGroup.GetByName(ctx, "spread")
		if err != nil || group == nil {
			return errors.Join(err, errors.New("placement group spread"))
		}
		key, _, err := client.SSHKey.GetByName(ctx, "ops")
		if err != nil || key == nil {
			return errors.Join(err, errors.New("SSH key ops"))
		}
		for number := range count {
			opts := options(fmt.Sprintf("probe-%d", number))
			opts.Networks, opts.SSHKeys = []*hcloud.Network{network}, []*hcloud.SSHKey{key}
			opts.Firewalls = []*hcloud.ServerCreateFirewall{{Firewall: *firewall}}
			if number < 10 {
				opts.PlacementGroup = group
			}
			result, _, err := client.Server.Create(ctx, opts)
			if err != nil {
				return err
			}
			actions := append([]*hcloud.Action{result.Action}, result.NextActions...)
			if err := client.Action.WaitFor(ctx, actions...); err != nil {
				return err
			}
			server, _, err := client.Server.GetByID(ctx, result.Server.ID)
			if err != nil || server == nil {
				return errors.Join(err, fmt.Errorf("server %d", result.Server.ID))
			}
			made := Server{ID: server.ID, Name: server.Name, Status: string(server.Status), IPv4: server.PublicNet.IPv4.IP.String(), IPv6: server.PublicNet.IPv6.Network.String(), Actions: len(actions)}
			if len(server.PrivateNet) > 0 {
				made.PrivateIP = server.PrivateNet[0].IP.String()
			}
			report.Created = append(report.Created, made)
		}
		return nil
	}
}

func options(name string) hcloud.ServerCreateOpts {
	return hcloud.ServerCreateOpts{
		Name: name, ServerType: &hcloud.ServerType{Name: "cpx21"}, Image: &hcloud.Image{Name: "docker-ce"}, Location: &hcloud.Location{Name: "nbg1"},
		Labels: map[string]string{"app": "probe"}, UserData: "#cloud-config\n", PublicNet: &hcloud.ServerCreatePublicNet{EnableIPv4: true, EnableIPv6: true},
	}
}

func list(ctx context.Context, client *hcloud.Client, report *Report) error {
	all, err := client.Server.AllWithOpts(ctx, hcloud.ServerListOpts{ListOpts: hcloud.ListOpts{LabelSelector: selector}})
	if err != nil {
		return err
	}
	report.Listed = len(all)
	for page := 1; page != 0; {
		_, response, err := client.Server.List(ctx, hcloud.ServerListOpts{ListOpts: hcloud.ListOpts{LabelSelector: selector, Page: page, PerPage: 2}})
		if err != nil {
			return err
		}
		report.PagesListed++
		page = response.Meta.Pagination.NextPage
	}
	return nil
}

func label(ctx context.Context, client *hcloud.Client, report *Report) error {
	server, _, err := client.Server.GetByName(ctx, "probe-0")
	if err != nil || server == nil {
		return errors.Join(err, errors.New("server probe-0"))
	}
	updated, _, err := client.Server.Update(ctx, server, hcloud.ServerUpdateOpts{Labels: map[string]string{"app": "probe", "marked": "true"}})
	if err != nil {
		return err
	}
	report.Labels = updated.Labels
	return nil
}

func power(ctx context.Context, client *hcloud.Client, report *Report) error {
	server, _, err := client.Server.GetByName(ctx, "probe-0")
	if err != nil {
		return err
	}
	for _, command := range []func(context.Context, *hcloud.Server) (*hcloud.Action, *hcloud.Response, error){client.Server.Poweroff, client.Server.Poweron, client.Server.Reboot, client.Server.Shutdown} {
		action, _, err := command(ctx, server)
		if err != nil {
			return err
		}
		if err := client.Action.WaitFor(ctx, action); err != nil {
			return err
		}
		report.Power = append(report.Power, action.Command)
	}
	return nil
}

// refusals are told by code, as programs read them.
func refusals(ctx context.Context, client *hcloud.Client, report *Report) error {
	for what, opts := range map[string]hcloud.ServerCreateOpts{"sameName": options("probe-0"), "unknownImage": func() hcloud.ServerCreateOpts {
		opts := options("probe-other")
		opts.Image = &hcloud.Image{Name: "none"}
		return opts
	}()} {
		_, _, err := client.Server.Create(ctx, opts)
		var refused hcloud.Error
		if !errors.As(err, &refused) {
			return fmt.Errorf("%s was not refused but: %w", what, err)
		}
		report.Refusals[what] = string(refused.Code)
	}
	wrong := hcloud.NewClient(hcloud.WithEndpoint(os.Getenv("HCLOUD_ENDPOINT")), hcloud.WithToken("wrong"))
	_, _, err := wrong.Server.GetByID(ctx, 1)
	var refused hcloud.Error
	if !errors.As(err, &refused) {
		return fmt.Errorf("a wrong token was not refused but: %w", err)
	}
	report.Refusals["wrongToken"] = string(refused.Code)
	return nil
}

func remove(ctx context.Context, client *hcloud.Client, report *Report) error {
	all, err := client.Server.AllWithOpts(ctx, hcloud.ServerListOpts{ListOpts: hcloud.ListOpts{LabelSelector: selector}})
	if err != nil {
		return err
	}
	for _, server := range all {
		result, _, err := client.Server.DeleteWithResult(ctx, server)
		if err != nil {
			return err
		}
		if err := client.Action.WaitFor(ctx, result.Action); err != nil {
			return err
		}
	}
	left, err := client.Server.AllWithOpts(ctx, hcloud.ServerListOpts{ListOpts: hcloud.ListOpts{LabelSelector: selector}})
	report.Left = len(left)
	return err
}
