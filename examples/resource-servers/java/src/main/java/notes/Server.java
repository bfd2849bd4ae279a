package notes;

import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authentication.ProviderManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.oauth2.core.DefaultOAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.server.resource.BearerTokenErrors;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationProvider;
import org.springframework.security.oauth2.server.resource.authentication.OpaqueTokenAuthenticationProvider;
import org.springframework.security.oauth2.server.resource.introspection.BadOpaqueTokenException;
import org.springframework.security.oauth2.server.resource.introspection.OAuth2IntrospectionException;
import org.springframework.security.oauth2.server.resource.web.DefaultBearerTokenResolver;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientException;

/**
 * A resource server with Spring Security.
 *
 * <pre>
 * ISSUER=http://localhost:8080 AUDIENCE=https://notes.example.com API_KEY=signet_ak_... \
 *     SERVER_PORT=3000 mvn spring-boot:run
 * </pre>
 *
 * API_KEY is an API key with the scope signet.introspect, for AUDIENCE.
 */
@SpringBootApplication
@RestController
public class Server {
    static final String ISSUER = System.getenv("ISSUER"), AUDIENCE = System.getenv("AUDIENCE");
    final DefaultBearerTokenResolver bearer = new DefaultBearerTokenResolver();
    final RestClient signet;

    Server() {
        var http = new SimpleClientHttpRequestFactory();
        http.setConnectTimeout(Duration.ofSeconds(5));
        http.setReadTimeout(Duration.ofSeconds(5));
        signet = RestClient.builder().baseUrl(ISSUER).requestFactory(http)
            .defaultHeaders(headers -> headers.setBearerAuth(System.getenv("API_KEY"))).build();
    }

    public static void main(String[] arguments) {
        SpringApplication.run(Server.class, arguments);
    }

    @Bean
    SecurityFilterChain security(HttpSecurity http) throws Exception {
        var offline = new ProviderManager(new JwtAuthenticationProvider(decoder()));
        return http
            .authorizeHttpRequests(requests -> requests
                .requestMatchers(HttpMethod.GET, "/notes").hasAuthority("SCOPE_notes.read")
                .requestMatchers(HttpMethod.DELETE, "/notes").hasAuthority("SCOPE_notes.write")
                .anyRequest().denyAll())
            .oauth2ResourceServer(server -> server
                .bearerTokenResolver(this::presented)
                .authenticationManagerResolver(request -> asks(request)
                    ? new ProviderManager(new OpaqueTokenAuthenticationProvider(token -> introspect(token, request)))
                    : offline))
            .addFilterBefore((request, response, chain) -> {
                try {
                    chain.doFilter(request, response);
                } catch (AuthenticationServiceException unreachable) {
                    ((HttpServletResponse) response).setStatus(503);
                }
            }, BearerTokenAuthenticationFilter.class)
            .sessionManagement(sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
            .build();
    }

    /** Judges access tokens without asking anybody. */
    NimbusJwtDecoder decoder() throws Exception {
        // Fetches the keys again when they are 300 s old, and for an unknown `kid` every 5 s at most.
        var keys = JWKSourceBuilder.<SecurityContext>create(URI.create(ISSUER + "/.well-known/jwks.json").toURL())
            .cache(300_000, 5_000).rateLimited(5_000).build();
        var decoder = NimbusJwtDecoder.withJwkSource(keys)
            .jwsAlgorithm(SignatureAlgorithm.ES256) // as in signing_keys.algorithms
            .build();
        // With typ at+jwt, and exp, iat, sub, jti and client_id required.
        decoder.setJwtValidator(JwtValidators.createAtJwtValidator().issuer(ISSUER).audience(AUDIENCE)
            .validators(all -> all.put("client_id", new JwtClaimValidator<>("client_id", Objects::nonNull)))
            .validators(all -> all.put("no leeway", new JwtTimestampValidator(Duration.ZERO))).build());
        return decoder;
    }

    /** The one credential of the Authorization header. */
    String presented(HttpServletRequest request) {
        if (Collections.list(request.getHeaders("Authorization")).size() > 1) {
            throw new OAuth2AuthenticationException(BearerTokenErrors.invalidRequest("Authorization twice"));
        }
        return bearer.resolve(request);
    }

    /** API keys are asked about; and access tokens before what cannot be undone, so that a session that has ended counts. */
    boolean asks(HttpServletRequest request) {
        return !request.getMethod().equals("GET") || presented(request).startsWith("signet_ak_");
    }

    /** What Signet says now about an API key or an access token. */
    OAuth2AuthenticatedPrincipal introspect(String token, HttpServletRequest request) {
        var form = MultiValueMap.fromSingleValue(
            Map.of("token", token, "method", request.getMethod(), "address", request.getRemoteAddr()));
        Map<String, Object> said;
        try {
            said = signet.post().uri("/oauth/introspect").contentType(MediaType.APPLICATION_FORM_URLENCODED)
                .body(form).retrieve().body(new ParameterizedTypeReference<>() {});
        } catch (RestClientException unreachable) {
            throw new OAuth2IntrospectionException("Signet does not answer");
        }
        if (!Boolean.TRUE.equals(said.get("active"))) throw new BadOpaqueTokenException("not active");
        var scopes = Arrays.stream(said.getOrDefault("scope", "").toString().split(" "));
        return new DefaultOAuth2AuthenticatedPrincipal(Map.of("sub", said.get("sub")),
            scopes.<GrantedAuthority>map(scope -> new SimpleGrantedAuthority("SCOPE_" + scope)).toList());
    }

    @RequestMapping(path = "/notes", method = {RequestMethod.GET, RequestMethod.DELETE})
    Map<String, Object> notes(Authentication caller) {
        return Map.of("sub", caller.getName(), "scope", caller.getAuthorities().toString());
    }
}
