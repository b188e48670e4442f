// oauth4webapi: the FAPI 2.0 Security Profile, and what must fail under it.
import * as oauth from 'oauth4webapi';
import { expect, failure, step } from '../story.mjs';
import { address, as, asBearer, browser, client, parameters, prover, push, refresh, signIn, userInfo } from './house.mjs';

expect('iss is promised', as.authorization_response_iss_parameter_supported, true);
const DPoP = await prover();
const { tokens, subject } = await signIn(
  async (asked) => {
    const url = await push(asked, { DPoP });
    step('push');
    return url;
  },
  { DPoP },
);
const refreshed = await refresh(tokens.refresh_token, { DPoP });
expect('the refresh token', refreshed.refresh_token ?? tokens.refresh_token, tokens.refresh_token);
step('refresh');
await userInfo(refreshed.access_token, subject, { DPoP });
await asBearer(refreshed.access_token);

const plain = await browser.visit(address(await parameters(oauth.generateRandomCodeVerifier())).href);
expect('error', plain.searchParams.get('error'), 'invalid_request');
step('without-par');

const asked = await parameters(oauth.generateRandomCodeVerifier());
const callback = await browser.visit((await push(asked, { DPoP })).href);
callback.searchParams.set('iss', 'https://attacker.example');
await failure('an answer of another issuer', (async () => oauth.validateAuthResponse(as, client, callback, asked.state))());
step('wrong-iss');
