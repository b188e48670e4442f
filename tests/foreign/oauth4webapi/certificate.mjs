// oauth4webapi: authenticated by a certificate, and the tokens bound to it.
import * as oauth from 'oauth4webapi';
import { withCertificate } from '../certificate.mjs';
import { expect, step } from '../story.mjs';
import { address, as, client, signIn, userInfo } from './house.mjs';

const who = { ...client, use_mtls_endpoint_aliases: true };
const by = oauth.TlsClientAuth();
const options = { [oauth.customFetch]: withCertificate };
const { tokens, subject } = await signIn(
  async (asked) => {
    const response = await oauth.pushedAuthorizationRequest(as, who, by, asked, options);
    const { request_uri } = await oauth.processPushedAuthorizationResponse(as, who, response);
    step('push');
    return address({ client_id: who.client_id, request_uri });
  },
  options,
  who,
  by,
);
const response = await oauth.refreshTokenGrantRequest(as, who, by, tokens.refresh_token, options);
const refreshed = await oauth.processRefreshTokenResponse(as, who, response);
expect('the refresh token', refreshed.refresh_token ?? tokens.refresh_token, tokens.refresh_token);
step('refresh');
await userInfo(refreshed.access_token, subject, options, who);

const stolen = await oauth.userInfoRequest(as, who, refreshed.access_token).catch((error) => error);
expect('status of a bound token without its certificate', stolen.status, 401);
step('without-certificate');
