// openid-client: a device that a person connects, its tokens bound to a key.
import * as client from 'openid-client';
import { expect, settings, step } from '../story.mjs';
import { browser, configure, prover, userInfo } from './house.mjs';

const config = await configure();
step('discovery');
const DPoP = await prover(config);
const begun = await client.initiateDeviceAuthorization(config, { scope: settings.scope });
step('device-authorization');
const polling = client.pollDeviceAuthorizationGrant(config, begun, undefined, { DPoP });
await browser.connect(begun.verification_uri, begun.user_code);
expect('pages', browser.pages.join(' '), 'login device consent');
step('approval');

const tokens = await polling;
expect('token_type', tokens.token_type, 'dpop');
step('token');
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
step('refresh');
await userInfo(config, refreshed, tokens.claims().sub, { DPoP });
