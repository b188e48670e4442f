// openid-client: a service exchanges the token that it was called with for one to the next service.
import * as client from 'openid-client';
import { expect, failure, settings, step } from '../story.mjs';
import { configure, signIn } from './house.mjs';

const config = await configure();
step('discovery');
const tokens = await signIn(config, (asked) => client.buildAuthorizationUrl(config, asked));

const service = await configure(settings.service);
const exchange = (audience) =>
  client.genericGrantRequest(service, 'urn:ietf:params:oauth:grant-type:token-exchange', {
    subject_token: tokens.access_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience,
    scope: settings.target,
  });
const given = await exchange(settings.audience);
expect('issued_token_type', given.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token');
const claims = JSON.parse(atob(given.access_token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
expect('aud', claims.aud, settings.audience);
expect('sub', claims.sub, tokens.claims().sub);
expect('act', claims.act.sub, settings.service);
step('exchange');

const refused = await failure('an API that no policy names', exchange(settings.api));
expect('error', refused.error, 'invalid_target');
step('elsewhere');
