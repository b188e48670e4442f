// The new line of the TypeScript SDK for MCP, which checks iss in the answer.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { tell } from './mcp.mjs';

const finish = (transport, answer) => transport.finishAuth(answer);
await tell({ Client, Transport: StreamableHTTPClientTransport, UnauthorizedError, finish, stepsUp: true });
