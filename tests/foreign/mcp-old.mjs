// The old line of the TypeScript SDK for MCP. With a refresh token it does not ask for more scopes.
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { tell } from './mcp.mjs';

const finish = (transport, answer) => transport.finishAuth(answer.get('code'));
await tell({ Client, Transport: StreamableHTTPClientTransport, UnauthorizedError, finish, stepsUp: false });
