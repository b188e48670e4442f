// oauth4webapi: a device that a person connects, its tokens bound to a key.
import { setTimeout as wait } from 'node:timers/promises';
import * as oauth from 'oauth4webapi';
import { expect, failure, settings, step } from '../story.mjs';
import { again, as, authentication, browser, client, prover, refresh, userInfo } from './house.mjs';

const DPoP = await prover();
const begun = await oauth
  .deviceAuthorizationRequest(as, client, authentication, { scope: settings.scope })
  .then((response) => oauth.processDeviceAuthorizationResponse(as, client, response));
step('device-authorization');
const poll = () =>
  again(() =>
    oauth
      .deviceCodeGrantRequest(as, client, authentication, begun.device_code, { DPoP })
      .then((response) => oauth.processDeviceCodeResponse(as, client, response)),
  );
expect('error', (await failure('a device that nobody answered for', poll())).error, 'authorization_pending');
await browser.connect(begun.verification_uri, begun.user_code);
expect('pages', browser.pages.join(' '), 'login device consent');
step('approval');

await wait(begun.interval * 1000);
const tokens = await poll();
expect('token_type', tokens.token_type, 'dpop');
step('token');
const refreshed = await refresh(tokens.refresh_token, { DPoP });
step('refresh');
await userInfo(refreshed.access_token, oauth.getValidatedIdTokenClaims(tokens).sub, { DPoP });
