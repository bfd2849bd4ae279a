import signet.ApiClient;
import signet.ApiException;
import signet.api.ApiKeysApi;
import signet.api.MeApi;
import signet.api.OAuthApi;
import signet.api.SessionsApi;
import signet.api.UsersApi;
import signet.model.ApiKeyCreation;
import signet.model.Credentials;
import signet.model.Problem;
import signet.model.RefreshGrant;

/** What a user of the Java SDK writes. */
public class Test {
    public static void main(String[] arguments) throws Exception {
        String username = System.getenv("SIGNET_USERNAME"), password = System.getenv("SIGNET_PASSWORD");
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv("SIGNET_URL"));
        SessionsApi sessions = new SessionsApi(client);

        var pair = sessions.login(new Credentials().username(username).password(password));
        var next = sessions.refresh(new RefreshGrant().refreshToken(pair.getRefreshToken()));
        is(!next.getRefreshToken().equals(pair.getRefreshToken()), "another refresh token");

        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + next.getAccessToken()));
        is(new MeApi(client).getMe().getUsername().equals(username), "the username");
        var key = new ApiKeyCreation().name("Java SDK").currentPassword(password);
        var issued = new ApiKeysApi(client).createMyApiKey(key).getApiKey();
        is(issued.startsWith("signet_ak_"), "an API key");
        var users = new UsersApi(client);
        var keys = new ApiKeysApi(client);
        refused(() -> users.listUsers(null, null, null, null), 403, "insufficient_scope");
        refused(() -> keys.getMyApiKey("unknown"), 404, "not_found");
        refused(() -> keys.createMyApiKey(key), 409, "api_key_exists");
        var odd = refused(() -> keys.createMyApiKey(key.name(" odd")), 422, "validation_failed");
        is(problem(odd).getErrors().get(0).getPointer().equals("/name"), "the field");
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + issued));
        var known = new OAuthApi(client).introspectToken(issued, null, null, null, null, null, null, null);
        is(known.getActive() && known.getName().equals("Java SDK"), "a key that counts");

        refused(() -> guess(sessions, username), 401, "invalid_credentials");
        for (int i = 0; i < 10; i++) refused(() -> guess(sessions, "java"), 401, "invalid_credentials");
        var throttled = refused(() -> guess(sessions, "java"), 429, "throttled");
        is(throttled.getResponseHeaders().firstValueAsLong("Retry-After").getAsLong() > 0, "how long to wait");
    }

    static void guess(SessionsApi sessions, String name) throws ApiException {
        sessions.login(new Credentials().username(name).password("wrong"));
    }

    interface Call {
        void make() throws ApiException;
    }

    /** A refusal, which says this. */
    static ApiException refused(Call call, int status, String code) throws Exception {
        try {
            call.make();
        } catch (ApiException refusal) {
            is(refusal.getCode() == status && problem(refusal).getCode().equals(code), refusal.getResponseBody());
            return refusal;
        }
        throw new AssertionError("no refusal: " + code);
    }

    static Problem problem(ApiException refusal) throws Exception {
        return new ApiClient().getObjectMapper().readValue(refusal.getResponseBody(), Problem.class);
    }

    static void is(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }
}
