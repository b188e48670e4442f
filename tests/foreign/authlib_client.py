"""Authlib's requests client against a running server: the whole life of one sign-in."""

from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT, private_key_jwt_sign

from story import Browser, discover, expect, read_id_token, settings, step


class ShortLived(PrivateKeyJWT):
    """Authlib's assertions live for an hour; the server takes five minutes at most. Their audience stays the token endpoint."""

    def sign(self, auth, token_endpoint):
        return private_key_jwt_sign(auth.client_secret, client_id=auth.client_id, token_endpoint=token_endpoint, alg=self.alg, expires_in=60)


metadata = discover()
step("discovery")

by_key = "privateKey" in settings
client = OAuth2Session(
    settings["clientId"],
    settings["privateKey" if by_key else "clientSecret"],
    scope=settings["scope"],
    redirect_uri=settings["redirectUri"],
    code_challenge_method="S256",
    token_endpoint_auth_method="private_key_jwt" if by_key else "client_secret_basic",
    revocation_endpoint_auth_method="private_key_jwt" if by_key else "client_secret_basic",
)
if by_key:
    client.register_client_auth_method(ShortLived(metadata["token_endpoint"]))

browser = Browser()
verifier, nonce = generate_token(48), generate_token(20)
url, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
callback = browser.visit(url)
step("authorize", pages=browser.pages)

token = client.fetch_token(metadata["token_endpoint"], authorization_response=callback, state=state, code_verifier=verifier)
step("token", scope=token["scope"])
claims = read_id_token(metadata, token["id_token"], nonce, token["access_token"])
step("id-token")

refreshed = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
step("refresh")

user = client.get(metadata["userinfo_endpoint"], timeout=10).json()
expect("sub", user["sub"], claims["sub"])
expect("email", user["email"], settings["email"])
step("userinfo")

introspected = client.introspect_token(metadata["introspection_endpoint"], token=refreshed["access_token"]).json()
expect("active", introspected["active"], True)
step("introspection")

current = refreshed.get("refresh_token") or token["refresh_token"]
expect("status of the revocation", client.revoke_token(metadata["revocation_endpoint"], token=current).status_code, 200)
try:
    client.refresh_token(metadata["token_endpoint"], refresh_token=current)
    raise SystemExit("a revoked token was refreshed")
except OAuthError as error:
    expect("error after the revocation", error.error, "invalid_grant")
step("revocation")

query = f"id_token_hint={token['id_token']}&post_logout_redirect_uri={settings['postLogoutRedirectUri']}&state={state}"
end = browser.visit(f"{metadata['end_session_endpoint']}?{query}")
expect("address after the logout", end, f"{settings['postLogoutRedirectUri']}?state={state}")
step("logout")
