// openid-client: the FAPI 2.0 Security Profile, and what must fail under it.
import * as client from 'openid-client';
import { expect, failure, settings, step } from '../story.mjs';
import { browser, configure, parameters, prover, signIn, userInfo } from './house.mjs';

const config = await configure();
expect('iss is promised', config.serverMetadata().authorization_response_iss_parameter_supported, true);
step('discovery');
const DPoP = await prover(config);
const push = (asked) => client.buildAuthorizationUrlWithPAR(config, asked, { DPoP });
const tokens = await signIn(
  config,
  async (asked) => {
    const url = await push(asked);
    step('push');
    return url;
  },
  { DPoP },
);
const subject = tokens.claims().sub;

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
expect('the refresh token', refreshed.refresh_token ?? tokens.refresh_token, tokens.refresh_token);
step('refresh');
await userInfo(config, refreshed, subject, { DPoP });
await failure('a bound token as bearer token', client.fetchUserInfo(config, refreshed.access_token, subject));
step('as-bearer');

const plain = await browser.visit(client.buildAuthorizationUrl(config, await parameters(client.randomPKCECodeVerifier())).href);
expect('error', plain.searchParams.get('error'), 'invalid_request');
step('without-par');

const verifier = client.randomPKCECodeVerifier();
const asked = await parameters(verifier);
const callback = await browser.visit((await push(asked)).href);
expect('iss', callback.searchParams.get('iss'), settings.issuer);
callback.searchParams.set('iss', 'https://attacker.example');
await failure(
  'an answer of another issuer',
  client.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedState: asked.state, expectedNonce: asked.nonce }, undefined, { DPoP }),
);
step('wrong-iss');
