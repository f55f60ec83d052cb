<?php
// A program that was written for the API 2.0 of Splynx: it redeems a refill card for a
// customer. To use it with Refill, change the host, the key and the secret. It needs PHP 8
// and no extension.
//
//   export SPLYNX=https://refill.example.net SPLYNX_KEY=… SPLYNX_SECRET=…
//   printf %s CODE | php splynx.php redeem CUSTOMER_ID
//   php splynx.php customer LOGIN
//   php splynx.php balance CUSTOMER_ID
//   php splynx.php payments CUSTOMER_ID
declare(strict_types=1);

class SplynxClient
{
    private ?array $token = null;

    public function __construct(private string $host, private string $key, private string $secret)
    {
    }

    /** Asks for an access token with a signature. */
    public function signIn(): void
    {
        $nonce = (int) round(microtime(true) * 100);
        $signature = strtoupper(hash_hmac('sha256', $nonce . $this->key, $this->secret));
        [$status, $answer] = $this->call('POST', 'admin/auth/tokens', ['auth_type' => 'api_key', 'key' => $this->key, 'nonce' => $nonce, 'signature' => $signature]);
        if ($status !== 201) {
            throw new RuntimeException('sign-in: ' . $this->reason($answer));
        }
        $this->token = $answer;
    }

    public function signOut(): void
    {
        $this->call('DELETE', 'admin/auth/tokens/' . $this->token['refresh_token']);
    }

    /** Redeems a card. Splynx answers 202 without a body. */
    public function redeem(string $code, string $customer): void
    {
        [$status, $answer] = $this->call('PUT', 'admin/finance/refill-cards/0?redeem=true', ['code' => $code, 'customer_id' => $customer]);
        if ($status !== 202) {
            throw new RuntimeException($this->reason($answer));
        }
    }

    /** Reads a list or an entity. */
    public function get(string $path, array $params = []): array
    {
        [$status, $answer] = $this->call('GET', $path . ($params ? '?' . http_build_query($params) : ''));
        if ($status !== 200) {
            throw new RuntimeException($this->reason($answer));
        }
        return $answer;
    }

    private function reason(?array $answer): string
    {
        return ($answer['error']['internal_code'] ?? 'no answer') . ': ' . ($answer['error']['message'] ?? '');
    }

    private function call(string $method, string $path, ?array $body = null): array
    {
        $headers = ['Content-Type: application/json', 'User-Agent: splynx example'];
        if ($this->token !== null) {
            $headers[] = 'Authorization: Splynx-EA (' . http_build_query(['access_token' => $this->token['access_token']]) . ')';
        }
        $http = ['method' => $method, 'header' => $headers, 'timeout' => 10, 'ignore_errors' => true];
        if ($body !== null) {
            $http['content'] = json_encode($body, JSON_THROW_ON_ERROR);
        }
        $text = file_get_contents(rtrim($this->host, '/') . '/api/2.0/' . $path, false, stream_context_create(['http' => $http]));
        preg_match('#^HTTP/\S+ (\d+)#', $http_response_header[0] ?? '', $status);
        return [(int) ($status[1] ?? 0), $text ? json_decode($text, true) : null];
    }
}

$splynx = new SplynxClient((string) getenv('SPLYNX'), (string) getenv('SPLYNX_KEY'), (string) getenv('SPLYNX_SECRET'));
try {
    $splynx->signIn();
    switch ($argv[1] ?? '') {
        case 'redeem':
            $splynx->redeem(trim((string) file_get_contents('php://stdin')), $argv[2]);
            echo "redeemed\n";
            break;
        case 'customer':
            foreach ($splynx->get('admin/customers/customer', ['main_attributes' => ['login' => ['LIKE', $argv[2]], 'id' => ['>=', 1]], 'order' => ['id' => 'DESC'], 'limit' => 10]) as $one) {
                echo $one['id'], ' ', $one['login'], "\n";
            }
            break;
        case 'balance':
            echo $splynx->get('admin/customers/customer-billing/' . $argv[2])['deposit'], "\n";
            break;
        case 'payments':
            foreach ($splynx->get('admin/finance/payments', ['main_attributes' => ['customer_id' => $argv[2]]]) as $one) {
                echo $one['date'], ' ', $one['payment_type'], ' ', $one['amount'], "\n";
            }
            break;
        default:
            throw new RuntimeException('Name redeem, customer, balance or payments.');
    }
    $splynx->signOut();
} catch (RuntimeException $e) {
    fwrite(STDERR, $e->getMessage() . "\n");
    exit(1);
}
