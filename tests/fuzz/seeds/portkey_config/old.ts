{ mode: 'single', options: [{ provider: 'mistral', apiKey: process.env.KEY, retry: 3,
  cache: 'simple', requestTimeout: '5s', drop_params: ['a[*].b'], prompt_id: 'pp', model: 'x' }] }
