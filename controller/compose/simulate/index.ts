import type { Simulator } from '../../cli/index.ts';
import { backtest } from './backtest.ts';
import { writePage } from './page.ts';
import { suggest } from './suggest.ts';

export const simulator: Simulator = { backtest, suggest, writePage };
