// oauth4webapi: a service exchanges the token that it was called with for one to the next service.
import * as oauth from 'oauth4webapi';
import { expect, failure, settings, step } from '../story.mjs';
import { address, as, authentication, signIn } from './house.mjs';

const { tokens, subject } = await signIn(address);
const service = { client_id: settings.service };
const exchange = (audience) =>
  oauth
    .genericTokenEndpointRequest(as, service, authentication, 'urn:ietf:params:oauth:grant-type:token-exchange', {
      subject_token: tokens.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience,
      scope: settings.target,
    })
    .then((response) => oauth.processGenericTokenEndpointResponse(as, service, response));
const given = await exchange(settings.audience);
expect('issued_token_type', given.issued_token_type, 'urn:ietf:params:oauth:token-type:access_token');
const claims = JSON.parse(atob(given.access_token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')));
expect('aud', claims.aud, settings.audience);
expect('sub', claims.sub, subject);
expect('act', claims.act.sub, settings.service);
step('exchange');

expect('error', (await failure('an API that no policy names', exchange(settings.api))).error, 'invalid_target');
step('elsewhere');
