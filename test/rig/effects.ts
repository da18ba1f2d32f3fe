import { z } from 'zod';
import type { RequestFacts } from '../../sandbox/cloud/request-facts.ts';
import { writtenKeys } from './wire/dynamo.ts';

const Invoked = z.object({ Method: z.string(), Path: z.string() });

/** What a request of a function changes, in a few words; null for one that only reads. */
export function effectOf({ service, operation, path }: RequestFacts, body: Buffer): string | null {
  const text = () => body.toString('utf8');
  switch (operation) {
    case 'TransactWriteItems':
      return `commits ${writtenKeys(text()).join(', ') || 'nothing'}`;
    case 'PutObject':
      return `writes ${path.split('/').at(-1)}`;
    case 'Publish':
      return 'pages';
    case 'StartExecution':
      return 'starts an execution';
    case 'CreateEnvironment':
    case 'UpdateEnvironment':
    case 'DeleteEnvironment':
      return `${operation} ${path.split('/').at(-1)}`;
    case 'InvokeRestApi': {
      const { Method, Path } = Invoked.parse(JSON.parse(text()));
      // A list with a long filter is asked for by POST.
      return Method === 'GET' || Path.endsWith('/list') ? null : `${Method} ${Path}`;
    }
    default:
      return service === 'airflow-web' && operation !== 'GET' && !path.includes('/aws_mwaa/')
        ? `${operation} ${path}`
        : null;
  }
}
