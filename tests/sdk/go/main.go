// What a user of the Go SDK writes.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
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

	guess := func(name string) (*http.Response, error) {
		_, response, err := client.SessionsAPI.Login(ctx).Credentials(*signet.NewCredentials(name, "wrong")).Execute()
		return response, err
	}
	_, err = guess(username)
	refused(err, 401, "invalid_credentials")
	_, _, err = client.UsersAPI.ListUsers(mine).Execute()
	refused(err, 403, "insufficient_scope")
	_, _, err = client.ApiKeysAPI.GetMyApiKey(mine, "unknown").Execute()
	refused(err, 404, "not_found")
	_, _, err = client.ApiKeysAPI.CreateMyApiKey(mine).ApiKeyCreation(*key).Execute()
	again := refused(err, 409, "api_key_exists")
	is(again.GetApiKeyId() == issued.Key.Id, "the key that has the name")
	key.SetName(" odd")
	_, _, err = client.ApiKeysAPI.CreateMyApiKey(mine).ApiKeyCreation(*key).Execute()
	odd := refused(err, 422, "validation_failed").Errors[0]
	is(odd.Pointer == "/name" && odd.Code == "malformed", "the field")
	for range [10]int{} {
		guess("go")
	}
	throttled, err := guess("go")
	refused(err, 429, "throttled")
	is(throttled.Header.Get("Retry-After") > "0", "how long to wait")
}

// What a refusal says, as a type.
func refused(err error, status int32, code string) signet.Problem {
	var refusal *signet.GenericOpenAPIError
	is(errors.As(err, &refusal), code)
	problem, typed := refusal.Model().(signet.Problem)
	is(typed && problem.Status == status && problem.Code == code, string(refusal.Body()))
	return problem
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
