"""requests-oauthlib against a running server: the whole life of one sign-in. It knows no ID tokens; Authlib checks that one."""

import os

from oauthlib.oauth2 import InvalidGrantError, WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from story import Browser, discover, expect, read_id_token, settings, step

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # plain http on loopback

metadata = discover()
step("discovery")

application = WebApplicationClient(settings["clientId"])
client = OAuth2Session(client=application, scope=settings["scope"].split(), redirect_uri=settings["redirectUri"])
basic = HTTPBasicAuth(settings["clientId"], settings["clientSecret"])
browser = Browser()
verifier = application.create_code_verifier(64)
challenge = application.create_code_challenge(verifier, "S256")
nonce = "n-of-the-client"
url, state = client.authorization_url(
    metadata["authorization_endpoint"], code_challenge=challenge, code_challenge_method="S256", nonce=nonce
)
callback = browser.visit(url)
step("authorize", pages=browser.pages)

token = client.fetch_token(metadata["token_endpoint"], authorization_response=callback, auth=basic, code_verifier=verifier)
step("token", scope=" ".join(token["scope"]))
claims = read_id_token(metadata, token["id_token"], nonce, token["access_token"])
step("id-token")

refreshed = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"], auth=basic)
step("refresh")

user = client.get(metadata["userinfo_endpoint"]).json()
expect("sub", user["sub"], claims["sub"])
expect("email", user["email"], settings["email"])
step("userinfo")


def introspect(value):
    return client.post(metadata["introspection_endpoint"], data={"token": value}, auth=basic, withhold_token=True).json()


expect("active", introspect(refreshed["access_token"])["active"], True)
step("introspection")

current = refreshed["refresh_token"]
endpoint, headers, body = application.prepare_token_revocation_request(metadata["revocation_endpoint"], current, "refresh_token")
revoked = client.post(endpoint, data=body, headers=headers, auth=basic, withhold_token=True)
expect("status of the revocation", revoked.status_code, 200)
expect("active after the revocation", introspect(refreshed["access_token"])["active"], False)
try:
    client.refresh_token(metadata["token_endpoint"], refresh_token=current, auth=basic)
    raise SystemExit("a revoked token was refreshed")
except InvalidGrantError:
    step("revocation")

query = f"id_token_hint={token['id_token']}&post_logout_redirect_uri={settings['postLogoutRedirectUri']}&state={state}"
end = browser.visit(f"{metadata['end_session_endpoint']}?{query}")
expect("address after the logout", end, f"{settings['postLogoutRedirectUri']}?state={state}")
step("logout")
