resource "portkey_provider" "prod" {
  name           = "OpenAI prod"
  integration_id = portkey_integration.openai.id
}
resource "portkey_integration" "openai" {
  ai_provider_id = "openai"
  key            = var.key
  configurations = jsonencode({ aws_region = "us-east-1" })
}
resource "portkey_config" "main" {
  name   = "Main"
  config = <<-EOT
    {"provider": "@${portkey_provider.prod.slug}"}
  EOT
  usage_limits {
    credit_limit = 5
  }
}
