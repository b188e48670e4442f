// The npm server oidc-provider, set up for the same work. Arguments: PORT [FILE of the SQLite database].
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [port, file] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const adapter = file ? (await import('./sqlite-adapter.mjs')).open(file) : undefined;
const secret = 'secret-of-the-robot-0123456789abcdefghijk';
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });

const apis = {
  'https://api.example': { scope: 'read', accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'ES256' } } },
  'https://opaque.example': { scope: 'look', accessTokenFormat: 'opaque', accessTokenTTL: 600 },
};

const provider = new Provider(issuer, {
  adapter,
  clients: [
    { client_id: 'robot', client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    {
      client_id: 'app',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['https://app.example/cb'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
  ],
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  cookies: { keys: ['a key of the benchmark'] },
  jwks: { keys: [{ ...key, use: 'sig', alg: 'ES256', kid: 'es256' }] },
  scopes: ['openid', 'offline_access', 'read', 'look'],
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://api.example',
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => apis[resource],
    },
  },
  issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: true,
  ttl: { AccessToken: 600, ClientCredentials: 600, AuthorizationCode: 60, IdToken: 600, RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 600 },
});

provider.on('server_error', (_, error) => console.error(error));
provider.listen(Number(port), '127.0.0.1', () => console.error('listening'));
