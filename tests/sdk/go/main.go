// What a user of the Go SDK writes.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"strings"

	"signet-sdk-test/signet"
)

func main() {
	url, username, password := os.Getenv("SIGNET_URL"), os.Getenv("SIGNET_USERNAME"), os.Getenv("SIGNET_PASSWORD")
	configuration := signet.NewConfiguration()
	configuration.Servers = signet.ServerConfigurations{{URL: url}}
	client := signet.NewAPIClient(configuration)
	ctx := context.Background()

	credentials := signet.NewCredentials(username, password)
	pair, _, err := client.SessionsAPI.Login(ctx).Credentials(*credentials).Execute()
	check(err)
	grant := signet.RefreshGrant{RefreshToken: pair.RefreshToken}
	next, _, err := client.SessionsAPI.Refresh(ctx).RefreshGrant(grant).Execute()
	check(err)
	is(next.GetRefreshToken() != pair.GetRefreshToken(), "another refresh token")

	mine := context.WithValue(ctx, signet.ContextAccessToken, next.AccessToken)
	me, _, err := client.MeAPI.GetMe(mine).Execute()
	check(err)
	is(me.Username == username, "the username")
	key := signet.NewApiKeyCreation("Go SDK")
	key.SetCurrentPassword(password)
	issued, _, err := client.ApiKeysAPI.CreateMyApiKey(mine).ApiKeyCreation(*key).Execute()
	check(err)
	is(strings.HasPrefix(issued.ApiKey, "signet_ak_"), "an API key")
	asking := context.WithValue(ctx, signet.ContextAccessToken, issued.ApiKey)
	known, _, err := client.OAuthAPI.IntrospectToken(asking).Token(issued.ApiKey).Execute()
	check(err)
	is(known.Active && known.GetName() == "Go SDK", "a key that counts")

	_, _, err = client.SessionsAPI.Login(ctx).Credentials(*signet.NewCredentials(username, "wrong")).Execute()
	var refused *signet.GenericOpenAPIError
	is(errors.As(err, &refused), "a refusal")
	problem, typed := refused.Model().(signet.Problem)
	is(typed && problem.Code == "invalid_credentials", "a typed error")
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func is(holds bool, what string) {
	if !holds {
		log.Fatal(what)
	}
}
