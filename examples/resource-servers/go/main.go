// A resource server with net/http and lestrrat-go/jwx.
//
//	ISSUER=http://localhost:8080 AUDIENCE=https://notes.example.com API_KEY=signet_ak_... \
//		PORT=3000 go run .
//
// API_KEY is an API key with the scope signet.introspect, for AUDIENCE.
// go.mod names the last jwx that Debian 12's Go compiles; with a newer Go, `go get -u`.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

var (
	issuer, audience, key = os.Getenv("ISSUER"), os.Getenv("AUDIENCE"), os.Getenv("API_KEY")
	jwksURL               = issuer + "/.well-known/jwks.json"
	jwks                  = jwk.NewCache(context.Background(), jwk.WithRefreshWindow(time.Minute))
	asked                 atomic.Int64 // when an unknown kid last had the keys fetched, in Unix seconds
	client                = &http.Client{Timeout: 5 * time.Second}
	errUnavailable        = errors.New("Signet does not answer")
)

type caller struct {
	Active     bool
	Sub, Scope string
}

func main() {
	if err := jwks.Register(jwksURL, jwk.WithRefreshInterval(5*time.Minute), jwk.WithHTTPClient(client)); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/notes", func(w http.ResponseWriter, r *http.Request) {
		scope, ask := "notes.read", false
		if r.Method != http.MethodGet { // cannot be undone: a session that has ended counts at once
			scope, ask = "notes.write", true
		}
		who, status, challenge := allow(r, scope, ask)
		if challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
		}
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(who)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

// allow says who asks, if their credential has the scope; ask: Signet is asked about access tokens too.
func allow(r *http.Request, scope string, ask bool) (who caller, status int, challenge string) {
	values := r.Header.Values("Authorization")
	scheme, token, _ := strings.Cut(strings.Join(values, ","), " ")
	var err error
	switch {
	case len(values) == 0:
		return who, 401, "Bearer"
	case len(values) > 1:
		return who, 400, `Bearer error="invalid_request"`
	case !strings.EqualFold(scheme, "Bearer"): // nobody
	case ask || strings.HasPrefix(token, "signet_ak_"):
		who, err = introspect(r, token)
	default:
		who, err = verify(r.Context(), token)
	}
	switch {
	case errors.Is(err, errUnavailable):
		return caller{}, 503, ""
	case err != nil || !who.Active:
		return caller{}, 401, `Bearer error="invalid_token"`
	case !strings.Contains(" "+who.Scope+" ", " "+scope+" "):
		return caller{}, 403, fmt.Sprintf(`Bearer error="insufficient_scope", scope="%s"`, scope)
	}
	return who, 200, ""
}

// verify reads an access token without asking anybody.
func verify(ctx context.Context, token string) (who caller, err error) {
	claims, err := jwt.ParseString(token, jwt.WithContext(ctx), jwt.WithKeyProvider(jws.KeyProviderFunc(signer)),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithRequiredClaim("sub"), jwt.WithRequiredClaim("exp"), jwt.WithRequiredClaim("iat"))
	if err != nil {
		return who, err
	}
	scope, _ := claims.Get("scope")
	who.Scope, _ = scope.(string)
	who.Sub, who.Active = claims.Subject(), true
	return who, nil
}

// signer finds the key of an access token; for an unknown kid it fetches the keys again, every 5 s at most.
func signer(ctx context.Context, sink jws.KeySink, signature *jws.Signature, _ *jws.Message) error {
	header := signature.ProtectedHeaders()
	keys, err := jwks.Get(ctx, jwksURL)
	if err != nil {
		return errUnavailable
	}
	key, known := keys.LookupKeyID(header.KeyID())
	if last, now := asked.Load(), time.Now().Unix(); !known && now-last >= 5 && asked.CompareAndSwap(last, now) {
		if keys, err = jwks.Refresh(ctx, jwksURL); err == nil {
			key, known = keys.LookupKeyID(header.KeyID())
		}
	}
	if known && header.Type() == "at+jwt" && len(header.Critical()) == 0 {
		sink.Key(jwa.ES256, key) // as in signing_keys.algorithms
	}
	return nil
}

// introspect asks Signet what an API key or an access token is worth now.
func introspect(r *http.Request, token string) (who caller, err error) {
	address, _, _ := net.SplitHostPort(r.RemoteAddr)
	form := url.Values{"token": {token}, "method": {r.Method}, "address": {address}}
	request, _ := http.NewRequest("POST", issuer+"/oauth/introspect", strings.NewReader(form.Encode()))
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(request)
	if err != nil {
		return who, errUnavailable
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 || json.NewDecoder(answer.Body).Decode(&who) != nil {
		err = errUnavailable
	}
	return who, err
}
