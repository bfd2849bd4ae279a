import signet.ApiClient;
import signet.ApiException;
import signet.api.ApiKeysApi;
import signet.api.MeApi;
import signet.api.OAuthApi;
import signet.api.SessionsApi;
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
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + issued));
        var known = new OAuthApi(client).introspectToken(issued, null, null, null, null, null, null, null);
        is(known.getActive() && known.getName().equals("Java SDK"), "a key that counts");

        try {
            sessions.login(new Credentials().username(username).password("wrong"));
            is(false, "a refusal");
        } catch (ApiException refused) {
            Problem problem = client.getObjectMapper().readValue(refused.getResponseBody(), Problem.class);
            is(problem.getCode().equals("invalid_credentials"), "a typed error");
        }
    }

    static void is(boolean holds, String what) {
        if (!holds) throw new AssertionError(what);
    }
}
